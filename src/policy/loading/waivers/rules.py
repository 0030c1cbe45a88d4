"""What a policy set says of waivers: who may approve which, for how long, and which revision shows an approval."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from policy.loading.policy_sets.settings import refuse_name
from policy.model.kinds import BOOLEAN, STRING, UNITS_MS, DurationKind, list_of
from policy.model.reading import NOTHING
from policy.model.waiver_entry import DEFAULT, TrustSettings, WaiverRules
from policy.source.node import Mapping, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from policy.model.kinds import Kind
    from policy.model.reading import FactReader
    from policy.source.node import Node

RULE_KEYS: Final = ("longest", "warn_before", "approvers", "protected")
TRUST_KEYS: Final = ("revision", "code_owners")
LENGTH: Final = DurationKind("duration", ordered=True, whole_days=True)
# A branch, a tag or a commit and its ancestors; not all that git would take.
REVISION: Final = re.compile(r"[A-Za-z0-9_@][A-Za-z0-9_@./+-]*(?:[~^][0-9]*)*")


def read_waiver_rules(
    node: Node | None, values: FactReader, policies: Collection[str] | None
) -> tuple[WaiverRules, ...]:
    """The rules, none where the key is missing; problems go to `values`. With None any policy may be named."""
    entries = dict(_list_keys(node, values, "waiver_rules", RULE_KEYS, "{longest: 90d, approvers: {default: [NAME]}}"))
    if not isinstance(node, Mapping):
        return ()
    return (
        WaiverRules(
            approvers=_read_approvers(entries.get("approvers"), values, policies),
            longest=_read_days(entries.get("longest"), values, "longest"),
            warn_before=_read_days(entries.get("warn_before"), values, "warn_before"),
            protected=_read_protected(entries.get("protected"), values, policies),
            location=node.location(values.file),
        ),
    )


def read_trust_settings(node: Node | None, values: FactReader) -> TrustSettings | None:
    """The settings under `trusted:`; problems go to `values`."""
    entries = dict(_list_keys(node, values, "trusted", TRUST_KEYS, "{revision: origin/main}"))
    if not isinstance(node, Mapping):
        return None
    revision = _read(STRING, entries.get("revision"), values, "revision")
    fault = "" if revision is None else find_revision_fault(revision)
    if fault:
        values.refuse(entries["revision"], f"`revision`: {fault}", "name a branch, a tag or a commit: `origin/main`")
    code_owners = _read(BOOLEAN, entries.get("code_owners"), values, "code_owners")
    return TrustSettings(revision or "", bool(code_owners), node.location(values.file))


def find_revision_fault(revision: str) -> str:
    """Why a text cannot be taken for a revision; empty where it can."""
    if len(revision) > 200 or not REVISION.fullmatch(revision) or ".." in revision or "@{" in revision:
        return f"`{revision[:200]}` names no revision"
    return ""


def list_names(node: Node | None) -> tuple[str, ...]:
    """The texts of a list that is checked elsewhere."""
    return tuple(item.text for item in node.items if isinstance(item, Scalar)) if isinstance(node, Sequence) else ()


def add_finals(
    finals: dict[str, tuple[str, ...]], policies: Iterable[str], layer: str, bases: Collection[str]
) -> dict[str, tuple[str, ...]]:
    """Which layers made which policies final, with one more, where `bases` are the files that it builds on.

    One that says again what a base of its own says changes nothing. Of two that know nothing of each other both do:
    otherwise a project could put a layer of its own beside the organisation's, and be the first to say it.
    """
    added = {name: (*finals.get(name, ()), layer) for name in policies if not set(bases) & set(finals.get(name, ()))}
    return {**finals, **added}


def _list_keys(
    node: Node | None, values: FactReader, what: str, known: tuple[str, ...], example: str
) -> Iterator[tuple[str, Node]]:
    if isinstance(node, Mapping):
        for text, (key, inner) in node.entries.items():
            if text in known:
                yield text, inner
            else:
                refuse_name(values, key, f"key under `{what}`", text, known)
    elif node is not None and not (isinstance(node, Scalar) and node.is_null):
        values.refuse(node, f"`{what}` needs a mapping", f"write `{what}: {example}`")


def _read(kind: Kind, node: Node | None, values: FactReader, what: str) -> Any:
    value = NOTHING if node is None else values.read_value(kind, node, what)
    return None if value is NOTHING else value


def _read_days(node: Node | None, values: FactReader, what: str) -> int | None:
    length = _read(LENGTH, node, values, what)
    return None if length is None else int(length // UNITS_MS["d"])


def _read_approvers(
    node: Node | None, values: FactReader, policies: Collection[str] | None
) -> dict[str, tuple[str, ...]] | None:
    if node is None:
        return None
    if not isinstance(node, Mapping):
        remedy = "write `approvers: {default: [NAME], POLICY: [NAME]}`"
        values.refuse(node, "`approvers` needs a mapping of policy to names", remedy)
        return None
    approvers = {}
    for text, (key, inner) in node.entries.items():
        if policies is not None and text != DEFAULT and text not in policies:
            refuse_name(values, key, "policy", text, [DEFAULT, *policies])
        names = _read(list_of(STRING), inner, values, f"approvers.{text}")
        approvers[text] = tuple(names.items) if names is not None else ()
    return approvers


def _read_protected(node: Node | None, values: FactReader, policies: Collection[str] | None) -> frozenset[str]:
    if _read(list_of(STRING), node, values, "protected") is None or not isinstance(node, Sequence):
        return frozenset()
    items = [item for item in node.items if isinstance(item, Scalar)]
    for item in items:
        if policies is not None and item.text not in policies:
            refuse_name(values, item, "policy", item.text, policies)
    return frozenset(item.text for item in items)
