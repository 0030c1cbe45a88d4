"""What the layers of a policy set say of approvals: who may approve what is settled below, and is not widened above."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from policy.errors import Problem
from policy.loading.policy_sets.settings import list_entries, refuse_name
from policy.model.approval import fold_name
from policy.model.approval_settings import ApprovalRule, ApprovalSettings
from policy.model.gates import GATES
from policy.model.kinds import DURATION, STRING, IntegerKind, enum, list_of
from policy.model.reading import NOTHING
from policy.source.node import Mapping, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from collections.abc import Sequence as Several

    from policy.errors import Location
    from policy.loading.policy_sets.layers import Layer
    from policy.model.kinds import Kind
    from policy.source.node import Node

SECTION: Final = "approvals"
EXAMPLE: Final = "{roles: {ml-leads: [alice, bob]}, rules: [{roles: [ml-leads]}]}"
NAMES: Final = list_of(STRING)
POSITIVE: Final = IntegerKind("integer", ordered=True, low=1)
KEYS: Final = ("roles", "people", "rules", "request_expires", "approval_expires", "break_glass")
LENGTHS: Final = {"request_expires": "request_lasts", "approval_expires": "approval_lasts"}
RULE_KINDS: Final[dict[str, Kind]] = {
    "policies": NAMES,
    "gates": list_of(enum(*GATES)),
    "projects": NAMES,
    "roles": NAMES,
    "quorum": POSITIVE,
    "expires": DURATION,
    "runs": POSITIVE,
}
OVERRIDE_KINDS: Final[dict[str, Kind]] = {"roles": NAMES, "longest": DURATION}
_FIELDS: Final = {"expires": "lasts"}


def read_approvals(layers: Several[Layer], policies: Collection[str]) -> ApprovalSettings | None:
    """The settings in force, None where no layer says anything; problems go to the layers'."""
    settings: ApprovalSettings | None = None
    settled = False
    for layer in layers:
        node = layer.root.get(SECTION)
        if node is not None and not (isinstance(node, Scalar) and node.is_null):
            reader = SectionReader(layer, settings or ApprovalSettings(), policies, settled=settled)
            settings = reader.read(node)
        # Whoever keeps the ledger, or makes a policy final, is not overruled by a layer that is put upon it.
        settled = settled or any(key in layer.root.entries for key in (SECTION, "ledger", "final"))
    return settings


class SectionReader:
    """Reads the section of one layer upon what is settled below it."""

    def __init__(self, layer: Layer, below: ApprovalSettings, policies: Collection[str], *, settled: bool) -> None:
        self.values = layer.values
        self.file = layer.file
        self.below = below
        self.policies = policies
        self.settled = settled

    def read(self, node: Node) -> ApprovalSettings:
        """The settings below and these."""
        entries = dict(list_entries(self.values, node, SECTION, KEYS, f"{SECTION}: {EXAMPLE}"))
        said = {"roles": self._read_groups(entries.get("roles"), "roles", self.below.roles)}
        said["people"] = self._read_groups(entries.get("people"), "people", self.below.people, owned=True)
        known = ApprovalSettings(**{**self._keep(), **said})
        rules = tuple(self._read_rules(entries.get("rules"), known))
        lengths = {field: self._read_length(entries.get(key), key, field) for key, field in LENGTHS.items()}
        override = self._read_override(entries.get("break_glass"), known)
        places = {**self.below.places, **dict(self._list_places(entries))}
        kept = {**self._keep(), **said, **lengths, **override}
        return ApprovalSettings(**{**kept, "rules": (*self.below.rules, *rules), "places": places})

    def _list_places(self, entries: dict[str, Node]) -> Iterator[tuple[str, Location]]:
        """Where this layer says what; a rule knows its own place."""
        for key, node in entries.items():
            if isinstance(node, Mapping):
                yield from ((f"{key}.{text}", inner.location(self.file)) for text, (_, inner) in node.entries.items())
            elif key != "rules":
                yield key, node.location(self.file)

    def _keep(self) -> dict[str, Any]:
        return {name: getattr(self.below, name) for name in ApprovalSettings._fields}

    def _read_groups(
        self, node: Node | None, what: str, below: Any, *, owned: bool = False
    ) -> dict[str, tuple[str, ...]]:
        groups = dict(below)
        if node is None:
            return groups
        if not isinstance(node, Mapping):
            self.values.refuse(node, f"`{what}` needs a mapping of name to names", f"write `{what}: {{NAME: [NAME]}}`")
            return groups
        for text, (key, inner) in node.entries.items():
            if self.settled and (owned or text in below):
                self._refuse_change(key, f"`{what}.{text}`")
                continue
            names = self._read(NAMES, inner, f"{what}.{text}")
            if names is not None:
                groups[text] = self._check_names(inner, names.items, f"{what}.{text}")
        return groups

    def _check_names(self, node: Node, names: Iterable[str], what: str) -> tuple[str, ...]:
        kept = tuple(names)
        if not kept or not all(fold_name(name) and name.isprintable() for name in kept):
            self.values.refuse(node, f"`{what}` names nobody, or has a blank name", "name somebody, or leave it out")
        return kept

    def _read_rules(self, node: Node | None, known: ApprovalSettings) -> Iterator[ApprovalRule]:
        if node is None:
            return
        if not isinstance(node, Sequence):
            self.values.refuse(node, "`rules` needs a list", "write `rules: [{gates: [run], roles: [ml-leads]}]`")
            return
        for item in node.items:
            entries = dict(
                list_entries(self.values, item, "rules", tuple(RULE_KINDS), "rules: {roles: [ml-leads], quorum: 2}")
            )
            yield self._read_rule(item, entries, known)

    def _read_rule(self, node: Node, entries: dict[str, Node], known: ApprovalSettings) -> ApprovalRule:
        said: dict[str, Any] = {
            _FIELDS.get(key, key): tuple(value.items) if RULE_KINDS[key] is not POSITIVE and key != "expires" else value
            for key, inner in entries.items()
            if (value := self._read(RULE_KINDS[key], inner, f"rules.{key}")) is not None
        }
        for key, names in (("policies", self.policies), ("roles", known.roles)):
            for name in said.get(key, ()):
                if name not in names:
                    refuse_name(self.values, entries[key], key.replace("ies", "y").rstrip("s"), name, names)
        self._refuse_nothing(entries.get("expires"), said.get("lasts"), "rules.expires")
        rule = ApprovalRule(**said, location=node.location(self.file))
        members = known.list_members(rule.roles)
        if rule.roles and members and len({fold_name(name) for name in members}) < rule.quorum:
            said_roles = " and ".join(rule.roles)
            message = f"{rule.quorum} votes can never be reached: {said_roles} has {len(members)}"
            self.values.refuse(node, message, "lower the quorum, or name more people")
        return rule

    def _read_length(self, node: Node | None, key: str, field: str) -> int:
        least: int = getattr(self.below, field)
        value = self._read(DURATION, node, f"{SECTION}.{key}")
        self._refuse_nothing(node, value, f"{SECTION}.{key}")
        if value is None:
            return least
        if self.settled and value > least:
            self._refuse_change(node, f"`{key}`", f"no more than {DURATION.show(least)}")
            return least
        return int(value)

    def _read_override(self, node: Node | None, known: ApprovalSettings) -> dict[str, Any]:
        if node is None:
            return {}
        if self.settled:
            self._refuse_change(node, "`break_glass`")
            return {}
        entries = dict(
            list_entries(
                self.values, node, "break_glass", tuple(OVERRIDE_KINDS), "break_glass: {roles: [on-call], longest: 4h}"
            )
        )
        said = {key: self._read(OVERRIDE_KINDS[key], inner, f"break_glass.{key}") for key, inner in entries.items()}
        roles = said.get("roles")
        for name in roles.items if roles is not None else ():
            if name not in known.roles:
                refuse_name(self.values, entries["roles"], "role", name, known.roles)
        self._refuse_nothing(entries.get("longest"), said.get("longest"), "break_glass.longest")
        if "roles" not in entries and isinstance(node, Mapping):
            self.values.refuse(node, "it is not said who may break the glass", "add `roles: [ROLE]`")
        lasts = {"override_lasts": said["longest"]} if said.get("longest") is not None else {}
        return {**({"override_roles": tuple(roles.items)} if roles is not None else {}), **lasts}

    def _read(self, kind: Kind, node: Node | None, what: str) -> Any:
        value = NOTHING if node is None else self.values.read_value(kind, node, what)
        return None if value is NOTHING else value

    def _refuse_nothing(self, node: Node | None, value: int | None, what: str) -> None:
        if node is not None and value == 0:
            self.values.refuse(node, f"`{what}` is nothing at all", "raise it, or leave it out")

    def _refuse_change(self, node: Node | None, what: str, allowed: str = "") -> None:
        if node is None:
            return
        message = f"{what} would widen who can approve what a policy set below this one holds"
        remedy = f"say {allowed}" if allowed else "take it out: only the policy set that it builds on can say it"
        self.values.problems.append(Problem(message, remedy, node.location(self.file)))
