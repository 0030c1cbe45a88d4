"""What a change does to the policies that judge it: shown, and without effect until it is merged."""

from __future__ import annotations

from policy.structs import NamedTuple


class Proposed(NamedTuple):
    """What the proposal's own policies would make of a subject, and the policies that would come out otherwise."""

    verdict: str
    policies: tuple[str, ...]
    policy_set: str


class ProposedChanges(NamedTuple):
    """What a proposal changes: ids of policies, and the other parts of the policy set.

    Unless `loaded` its policies could not be read, and nothing is known of what they would do.
    """

    policies: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    loaded: bool = True


class PoliciesFrom(NamedTuple):
    """The revision that policies were read from, the policy set's file there (None for the catalogue alone)."""

    revision: str
    commit: str
    config: str | None = None
    proposed: ProposedChanges | None = None
