"""The policy set at a gate, as text and as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from policy.app.set_view import Value
from policy.language.identity import digest_policy_set
from policy.reports.layout import clean, count_noun

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from policy.app.set_view import PolicyView, SetView
    from policy.errors import Location
    from policy.model.policy import PolicySet

    ShowPath = Callable[[str], str]

FORMAT = "policy-set-view/1"
SHORTEST_NAME = 10
# Most policy sets say nothing of these.
SECTIONS = ("ledger", "approvals", "waivers", "mlflow")


def write_text(view: SetView, policy_set: PolicySet, gate: str, show_path: ShowPath) -> str:
    """Name and layers, the gate's settings, then policy by policy."""

    def place(location: Location | None) -> str:
        return clean(f"{show_path(location.file)}:{location.line}") if location else ""

    lines = [f"{clean(policy_set.name)} at the gate {gate}", f"digest {digest_policy_set(policy_set)}", ""]
    if policy_set.layers:
        lines += ["layers, the base first", *(f"  {clean(show_path(file))}" for file in policy_set.layers), ""]
    lines += [f"gate {gate}", *_list_values({"mode": view.mode, "on_error": view.on_error}, place)]
    lines += ["", "evidence", *_list_values(dict(view.evidence), place)]
    for name in SECTIONS:
        values = dict(getattr(view, name))
        lines += ["", name, *_list_values(values, place)] if values else []
    for policy in view.policies:
        lines += ["", *_describe(policy, place)]
    if view.idle:
        lines += ["", f"not judged at {gate}: {', '.join(view.idle)}"]
    if policy_set.loosenings:
        lines += ["", "loosened by a layer"]
        lines += [f"  {place(problem.location)}: {clean(problem.message)}" for problem in policy_set.loosenings]
    lines += ["", f"{count_noun(len(view.policies), 'policy')} judged at the gate {gate}"]
    return "\n".join(lines)


def _describe(view: PolicyView, place: Callable[[Location | None], str]) -> Iterator[str]:
    kept = f", would {view.action.would_be}: {view.action.note}" if view.action.would_be else ""
    source = f"  ({place(view.source)})" if view.source else ""
    yield f"{view.policy.id}: {view.action.effect or 'none'}{kept}{source}"
    yield from _list_values(_name_values(view), place)


def _name_values(view: PolicyView) -> dict[str, Value]:
    """The settings that say something: a date where there is one, and that it is final where it is."""
    dated = {"from": view.starts} if view.starts.value is not None else {}
    final = {"final": Value("yes", view.final)} if view.final is not None else {}
    return {"effect": view.effect, "on_unknown": view.on_unknown, "mode": view.mode, **dated, **final, **view.params}


def _list_values(values: dict[str, Value], place: Callable[[Location | None], str]) -> Iterator[str]:
    width = max(SHORTEST_NAME, *map(len, values))
    for name, (value, location) in values.items():
        source = f"  ({place(location)})" if location else ""
        yield f"  {name:<{width}}  {clean(value or 'not set')}{source}"


def write_json(view: SetView, policy_set: PolicySet, gate: str, show_path: ShowPath) -> str:
    """One object; files are named from the working folder, and `set_at` is null where no file sets a value."""

    def place(location: Location | None) -> str | None:
        return f"{show_path(location.file)}:{location.line}:{location.column}" if location else None

    def encode(value: Value) -> dict[str, str | None]:
        return {"value": value.value, "set_at": place(value.place)}

    document: dict[str, Any] = {
        "format": FORMAT,
        "name": policy_set.name,
        "digest": digest_policy_set(policy_set),
        "layers": [show_path(file) for file in policy_set.layers],
        "gate": {"name": gate, "mode": encode(view.mode), "on_error": encode(view.on_error)},
        "evidence": {name: encode(value) for name, value in view.evidence.items()},
        **{key: {name: encode(value) for name, value in getattr(view, key).items()} or None for key in SECTIONS},
        "policies": [_encode_policy(policy, encode, place) for policy in view.policies],
        "not_judged": list(view.idle),
        "loosenings": [
            {"message": problem.message, "set_at": place(problem.location)} for problem in policy_set.loosenings
        ],
    }
    return json.dumps(document, indent=2)


def _encode_policy(
    view: PolicyView, encode: Callable[[Value], dict[str, str | None]], place: Callable[[Location | None], str | None]
) -> dict[str, Any]:
    return {
        "policy": view.policy.id,
        "title": view.policy.title,
        "severity": view.policy.severity,
        "put_in_force_at": place(view.source),
        "effect": encode(view.effect),
        "on_unknown": encode(view.on_unknown),
        "mode": encode(view.mode),
        "from": encode(view.starts),
        "params": {name: encode(value) for name, value in view.params.items()},
        "final_at": place(view.final),
        "acts": {"effect": view.action.effect, "would_be": view.action.would_be, "note": view.action.note},
    }
