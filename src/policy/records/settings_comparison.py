"""What differs between two settings of an MLflow server, key by key and experiment by experiment."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

    from policy.model.mlflow_settings import Binding, MlflowSettings

    Document = Mapping[str, Any]
    Change = dict[str, Any]

FORMAT: Final = "policy-mlflow-settings/1"
# Those of a server, and those of an experiment, by the names that a policy set has for them.
KEYS: Final = ("app", "without_manifest", "attesters", "spool_keys", "webhooks")
EXPERIMENT_KEYS: Final = ("name", "id", "project", "principals", "models", "mode", "policy_set")
GATES: Final = "gates"
ADDED, ORDER = "experiment", "order"
"""Keys of a change: an entry that was added or removed as a whole, and the order in which entries are asked."""


def describe_settings(settings: MlflowSettings, gates: Document | None = None) -> Document:
    """All that settings say, as a document; what only places it in files is left out.

    `gates` has by the name of a gate what it does, and by the file of a team's policy set the same of its gates.
    """
    return {
        "format": FORMAT,
        "app": settings.app,
        "without_manifest": settings.without_manifest,
        "attesters": sorted(settings.attesters),
        "spool_keys": sorted(settings.spool_keys),
        # An address may be a secret; what stands for it is none.
        "webhooks": sorted(f"{one.host} {one.id}" for one in settings.webhooks),
        "experiments": [describe_binding(binding) for binding in settings.bindings],
        **({GATES: gates} if gates else {}),
    }


def describe_binding(binding: Binding) -> Document:
    """One entry of the experiments; a mode that is not said is null."""
    return {
        "name": sorted(binding.names),
        "id": sorted(binding.ids),
        "project": sorted(binding.projects),
        "principals": sorted(binding.principals),
        "models": sorted(binding.models),
        "mode": binding.mode or None,
        "policy_set": binding.policy_set or None,
    }


def compare_settings(old: Document | None, new: Document) -> list[Change]:
    """Every change between two documents; without an old one every experiment is added."""
    changes = [_change(None, key, (old or {}).get(key), new.get(key)) for key in KEYS]
    was_at, is_at = list_gates(old or {}), list_gates(new)
    changes += [_change(None, key, was_at.get(key), is_at.get(key)) for key in sorted({*was_at, *is_at})]
    before, after = _list_experiments(old or {}), _list_experiments(new)
    pairs = pair_experiments(before, after)
    for was, now in pairs:
        changes += _compare_experiments(was, now)
    stayed = [(was, now) for was, now in pairs if was is not None and now is not None]
    places = {id(was): number for number, was in enumerate(before)}
    asked = sorted(stayed, key=lambda pair: places[id(pair[0])])
    if [now for _, now in asked] != [now for _, now in stayed]:
        names = [[name_experiment(was) for was, _ in asked], [name_experiment(now) for _, now in stayed]]
        changes.append(_change(None, ORDER, *names))
    return [change for change in changes if change["old"] != change["new"]]


def list_gates(document: Document) -> dict[str, Any]:
    """What gates do, by the names of all parts: `gates.run.mode`, `gates.team.yaml.run.mode`."""
    found: dict[str, Any] = {}
    pending = [(GATES, document.get(GATES))]
    for name, value in pending:  # which grows on the way
        if isinstance(value, dict):
            pending += [(f"{name}.{key}", part) for key, part in value.items()]
        elif value is not None:
            found[name] = value
    return found


def _change(experiment: str | None, key: str, old: Any, new: Any) -> Change:
    return {"experiment": experiment, "key": key, "old": old, "new": new}


def _list_experiments(document: Document) -> list[Document]:
    found = document.get("experiments")
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _compare_experiments(old: Document | None, new: Document | None) -> Iterator[Change]:
    name = name_experiment(new or old or {})
    if old is None or new is None:
        yield _change(name, ADDED, old, new)
        return
    for key in EXPERIMENT_KEYS:
        yield _change(name, key, old.get(key), new.get(key))


def name_experiment(document: Document) -> str:
    """What an entry is called by: the names and ids that it governs."""
    return ", ".join((*_list_texts(document, "name"), *(f"id {one}" for one in _list_texts(document, "id"))))


def _list_texts(document: Document, key: str) -> tuple[str, ...]:
    found = document.get(key)
    return tuple(map(str, found)) if isinstance(found, list) else ()


def pair_experiments(old: Sequence[Document], new: Sequence[Document]) -> list[tuple[Document | None, Document | None]]:
    """Each entry beside what became of it: one that governs the same, or else one that governs some of the same.

    In the order of the new ones; what was removed comes last.
    """
    left = dict(enumerate(old))
    found: dict[int, Document] = {}
    for list_marks in (_mark_whole, _mark_parts):
        owners: dict[object, list[int]] = defaultdict(list)
        for number in reversed(left):
            for mark in list_marks(old[number]):
                owners[mark].append(number)
        for number, now in enumerate(new):
            owner = None if number in found else _find_first(left, (owners[mark] for mark in list_marks(now)))
            if owner is not None:
                found[number] = left.pop(owner)
    return [*((found.get(number), now) for number, now in enumerate(new)), *((was, None) for was in left.values())]


def _find_first(left: Container[int], stacks: Iterable[list[int]]) -> int | None:
    """The first number of any stack that is left; those that are not are taken off."""
    for stack in stacks:
        while stack and stack[-1] not in left:
            stack.pop()
        if stack:
            return stack[-1]
    return None


def _mark_whole(document: Document) -> tuple[object, ...]:
    return ((_list_texts(document, "name"), _list_texts(document, "id")),)


def _mark_parts(document: Document) -> tuple[object, ...]:
    return tuple((key, text) for key in ("name", "id") for text in _list_texts(document, key))
