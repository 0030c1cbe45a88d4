"""The policy sets by which decisions of a period were made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.app.auditing.policy_sets import list_parameters
from policy.model.audit import PolicySetUse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from policy.app.auditing.tally import Tally
    from policy.model.policy import PolicySet


def list_uses(tally: Tally, known: Mapping[str, PolicySet]) -> tuple[PolicySetUse, ...]:
    """Each set with how often it was used and what it changes, as far as it is known; the last one first."""
    uses = _read_uses(tally, known)
    return tuple(sorted(uses, key=lambda one: (one.last, one.first, one.digest), reverse=True))


def _read_uses(tally: Tally, known: Mapping[str, PolicySet]) -> Iterator[PolicySetUse]:
    for digest, use in tally.sets.items():
        policy_set = known.get(digest)
        yield PolicySetUse(
            digest,
            policy_set.name if policy_set is not None else "",
            use.engine,
            use.decisions,
            use.first,
            use.last,
            len(policy_set.policies) if policy_set is not None else None,
            list_parameters(policy_set) if policy_set is not None else (),
        )
