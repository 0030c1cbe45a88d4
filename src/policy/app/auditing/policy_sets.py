"""The policy sets of a period, read again from what the ledger has of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from policy.errors import PolicyError
from policy.language.parameters import show_parameter
from policy.model.audit import Parameter, PolicyNote

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from policy.model.policy import Policy, PolicySet
    from policy.records.ledger import Ledger

# Reading one costs about as much as a check does.
MOST: Final = 20
_PAYLOAD: Final = "SELECT body FROM payloads WHERE seq = ?"


class KnownSets:
    """Policy sets by digest, the newest first; of a policy the newest set that has it speaks."""

    def __init__(self) -> None:
        self.sets: dict[str, PolicySet] = {}
        self.doubts: list[str] = []

    def add(self, digest: str, policy_set: PolicySet) -> None:
        """A set that is at hand."""
        self.sets.setdefault(digest, policy_set)

    def read_recorded(self, ledger: Ledger, newest: Sequence[tuple[str, int]]) -> None:
        """Sets by the entries of decisions that they made, the newest first."""
        wanted = [(digest, entry) for digest, entry in newest if digest not in self.sets]
        for digest, entry in wanted[:MOST]:
            try:
                self.sets[digest] = rebuild(ledger, entry)
            except PolicyError as error:
                self.doubts.append(f"the policy set `{digest}` cannot be read again: {error.problems[0].message}")
        if len(wanted) > MOST:
            self.doubts.append(
                f"of {len(wanted):,} recorded policy sets the newest {MOST} were read again: of older ones, titles, "
                "requirements and how many policies were in force are not known"
            )

    def note_policies(self) -> dict[str, PolicyNote]:
        """What there is to say of every policy of these sets."""
        notes: dict[str, PolicyNote] = {}
        for policy_set in self.sets.values():
            for policy in policy_set.policies:
                notes.setdefault(policy.id, note_policy(policy))
        return notes

    def count_in_force(self, wants: Callable[[str], bool]) -> dict[str, int]:
        """How many policies in scope each set has."""
        return {
            digest: sum(wants(policy.id) for policy in policy_set.policies) for digest, policy_set in self.sets.items()
        }


def note_policy(policy: Policy) -> PolicyNote:
    """Title, severity and requirements of a policy."""
    controls = tuple((framework, name) for framework, names in policy.controls.items() for name in names)
    return PolicyNote(policy.id, policy.title, policy.severity, controls)


def list_parameters(policy_set: PolicySet) -> tuple[Parameter, ...]:
    """Each parameter that the set gives another value."""
    return tuple(
        Parameter(name, show_parameter(spec.kind, value), _show_default(spec))
        for policy in sorted(policy_set.policies, key=lambda policy: policy.id)
        for spec in policy.params
        for name in (f"{policy.id}.{spec.name}",)
        for value in (policy_set.params.get(name),)
        if value is not None and value != spec.default
    )


def _show_default(spec: Any) -> str:
    return "no value" if spec.default is None else show_parameter(spec.kind, spec.default)


def find_framework_policies(sets: Iterable[PolicySet], frameworks: Sequence[str]) -> set[str]:
    """The policies that name one of some frameworks."""
    return {
        policy.id
        for policy_set in sets
        for policy in policy_set.policies
        if not policy.controls.keys().isdisjoint(frameworks)
    }


def rebuild(ledger: Ledger, entry: int) -> PolicySet:
    """The policy set of a recorded decision. Raises PolicyError."""
    from policy.app.recording.rebuilding import rebuild_policy_set
    from policy.app.recording.replaying import Reader
    from policy.model.recorded.sources import decode_sources

    reader = Reader(ledger, f"entry {entry:,}")
    payload = read_payload(ledger, entry)
    digest = payload.get("inputs", {}).get("policy_set")
    sources = decode_sources(reader.read_json(str(digest), "policy set"))
    return rebuild_policy_set(sources, reader.read_source)


def read_payload(ledger: Ledger, entry: int) -> Mapping[str, Any]:
    """What an entry says; nothing where it is erased or cannot be read."""
    rows = ledger.read(_PAYLOAD, (entry,))
    try:
        found = json.loads(rows[0][0]) if rows and rows[0][0] is not None else {}
    except (ValueError, RecursionError):
        found = {}
    return found if type(found) is dict and type(found.get("inputs", {})) is dict else {}
