"""Which policies and gates did less than their policies say, by the policy sets of the decisions of a period."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from policy.app.auditing.tally import SetUse
    from policy.model.policy import PolicySet

WORDS: Final = {"observe": "only observed", "flag": "flagged, and nothing more"}


class Span(NamedTuple):
    """From which day to which decisions were made so."""

    first: str
    last: str

    def widen(self, other: Span) -> Span:
        return Span(min(self.first, other.first), max(self.last, other.last))


def list_held_back(
    uses: Mapping[str, SetUse], sets: Mapping[str, PolicySet], gates: Collection[str], policies: Collection[str] | None
) -> Iterator[str]:
    """A line for all that is held back in one way, by policy sets of one name, between the same days.

    `uses` are those of the sets by digest; only these gates, and where any are named only these policies, are told.
    """
    found: dict[tuple[str, str, str], Span] = {}
    for digest, use in uses.items():
        policy_set = sets.get(digest)
        if policy_set is None:
            continue
        days = Span(use.first[:10], use.last[:10])
        for how, what in _list_ways(policy_set, days, gates, policies):
            key = (how, policy_set.name, what)
            found[key] = days.widen(found.get(key, days))
    together: dict[tuple[str, str, Span], list[str]] = defaultdict(list)
    for (how, name, what), days in found.items():
        together[how, name, days].append(what)
    for (how, name, days), several in sorted(together.items()):
        dated = f"on {days.first}" if days.first == days.last else f"from {days.first} to {days.last}"
        yield f"{how} by the policy set {name or 'of no name'}, decisions {dated}: {', '.join(sorted(several))}"


def _list_ways(
    policy_set: PolicySet, days: Span, gates: Collection[str], policies: Collection[str] | None
) -> Iterator[tuple[str, str]]:
    """How what is held back by a policy set, while it was in use."""
    own = {policy.id for policy in policy_set.policies if policies is None or policy.id in policies}
    for gate in gates:
        mode = policy_set.gate(gate).mode
        if mode in WORDS and own:
            yield WORDS[mode], f"the gate `{gate}`"
    for policy, mode in policy_set.modes.items():
        if mode in WORDS and policy in own:
            yield WORDS[mode], f"`{policy}`"
    for policy, start in policy_set.starts.items():
        if policy in own and days.first < start.isoformat():
            yield f"before {start}, from when on they act in full, flagged at most", f"`{policy}`"
