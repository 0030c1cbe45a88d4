"""What the layers of a policy set say of an MLflow server, which only one of them can."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from policy.errors import Problem
from policy.loading.policy_sets.mlflow_kinds import ATTESTER, EXPERIMENT_ID, GLOB, KEY, WORD, LayerPathKind
from policy.loading.policy_sets.mlflow_shadows import Named, find_shadows
from policy.loading.policy_sets.mlflow_webhooks import read_webhooks
from policy.loading.policy_sets.settings import list_entries
from policy.model.gates import EFFECTS, MODES
from policy.model.kinds import enum, list_of
from policy.model.mlflow_settings import Binding, MlflowSettings
from policy.model.reading import NOTHING
from policy.source.node import Mapping, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Sequence as Several

    from policy.errors import Location
    from policy.loading.policy_sets.layers import Layer
    from policy.model.kinds import Kind
    from policy.source.node import Node

SECTION: Final = "mlflow"
OWN_APP: Final = "policy"
ENTRY: Final = "{name: support-*, project: support-bot}"
MOST: Final = 1_000
MOST_PATTERNS: Final = 2_000
ONE: Final[dict[str, Kind]] = {"app": WORD, "server": WORD, "without_manifest": enum(*reversed(EFFECTS))}
SEVERAL: Final[dict[str, Kind]] = {
    "name": GLOB,
    "id": EXPERIMENT_ID,
    "project": GLOB,
    "principals": GLOB,
    "models": GLOB,
}
MODE: Final = enum(*MODES)
KEYS: Final = ("app", "server", "experiments", "without_manifest", "attesters", "spool_keys", "webhooks")
BINDING_KEYS: Final = (*SEVERAL, "mode", "policy_set")
# Of these the first entry that matches counts.
FIRST_COUNTS: Final = ("name", "id", "models")


def read_mlflow(layers: Several[Layer], root: str) -> MlflowSettings | None:
    """The settings, None where no layer has any; what is wrong is noted.

    Paths lead to what is beside the file or below it, or anywhere below `root`, the absolute path of the repository.
    """
    having = [layer for layer in layers if (node := layer.root.get(SECTION)) is not None and not _is_null(node)]
    for other in having[1:]:
        message = "the settings of the MLflow server stand in more than one layer"
        remedy = "leave them in one file: a server is governed by one"
        related = (("they are here, too", _locate(having[0])),)
        other.values.problems.append(Problem(message, remedy, _locate(other), related))
    return SectionReader(having[0], layers, root).read() if having else None


def _is_null(node: Node) -> bool:
    return isinstance(node, Scalar) and node.is_null


def _locate(layer: Layer) -> Location:
    return layer.root.entries[SECTION][0].location(layer.file)


class SectionReader:
    """Reads the section of the one layer that has it."""

    def __init__(self, layer: Layer, layers: Several[Layer], root: str) -> None:
        self.layer = layer
        self.values = layer.values
        root = "" if layer.top else root or layer.folder
        self.path = LayerPathKind("path", textual=True, folder=layer.folder, root=root)
        self.final = next((other for other in layers if other is not layer and "final" in other.root.entries), None)
        self.named: dict[str, list[Named]] = {key: [] for key in FIRST_COUNTS}

    def read(self) -> MlflowSettings:
        """The settings; what is wrong is noted, and left out."""
        node = self.layer.root.entries[SECTION][1]
        entries = dict(list_entries(self.values, node, SECTION, KEYS, f"{{experiments: [{ENTRY}]}}"))
        if _is_whole(node, entries) and "experiments" not in entries:
            message = f"`{SECTION}` does not say which experiments are governed"
            self.values.refuse(node, message, f"add `experiments: [{ENTRY}]`")
        said = {key: self._read_one(kind, entries.get(key), f"{SECTION}.{key}") for key, kind in ONE.items()}
        self._refuse_own(entries.get("app"), said["app"])
        bindings = tuple(self._read_bindings(entries.get("experiments")))
        self._refuse_shadows()
        return MlflowSettings(
            bindings,
            attesters=self._read_several(ATTESTER, entries.get("attesters"), f"{SECTION}.attesters"),
            spool_keys=self._read_several(KEY, entries.get("spool_keys"), f"{SECTION}.spool_keys"),
            webhooks=tuple(read_webhooks(self.values, entries.get("webhooks"))),
            folder=self.layer.folder,
            places={key: inner.location(self.layer.file) for key, inner in entries.items()},
            **{key: value for key, value in said.items() if value},
        )

    def _read_one(self, kind: Kind, node: Node | None, what: str) -> str:
        value = NOTHING if node is None else self.values.read_value(kind, node, what)
        return "" if value is NOTHING else str(value)

    def _read_several(self, kind: Kind, node: Node | None, what: str) -> tuple[str, ...]:
        """One or a list; nothing where it is not said, and where it cannot be read."""
        if node is None:
            return ()
        if not isinstance(node, Sequence):
            value = self._read_one(kind, node, what)
            return (value,) if value else ()
        if not 0 < len(node.items) <= MOST:
            message = f"`{what}` is empty" if not node.items else f"`{what}` has more than {MOST:,} items"
            self.values.refuse(node, message, "name some, or leave it out" if not node.items else "use patterns")
            return ()
        values: Any = self.values.read_value(list_of(kind), node, what)
        return () if values is NOTHING else tuple(values.items)

    def _refuse_own(self, node: Node | None, app: str) -> None:
        if node is not None and app == OWN_APP:
            message = f"`{OWN_APP}` is the app that these settings are for: it cannot be within itself"
            self.values.refuse(node, message, "write `basic-auth`, or leave `app` out")

    def _read_bindings(self, node: Node | None) -> Iterator[Binding]:
        if node is None:
            return
        if not isinstance(node, Sequence):
            self.values.refuse(node, "`experiments` needs a list", f"write `experiments: [{ENTRY}]`")
        elif not node.items:
            self.values.refuse(node, "no experiment is governed", f"write `experiments: [{ENTRY}]`")
        elif len(node.items) > MOST:
            self.values.refuse(node, f"`experiments` has more than {MOST:,} entries", "use patterns")
        else:
            for number, item in enumerate(node.items):
                yield self._read_binding(number, item)

    def _read_binding(self, number: int, node: Node) -> Binding:
        entries = dict(list_entries(self.values, node, "experiments", BINDING_KEYS, f"- {ENTRY}"))
        self._refuse_lacking(node, entries)
        several = {
            key: self._read_several(kind, entries.get(key), f"experiments.{key}") for key, kind in SEVERAL.items()
        }
        for key in FIRST_COUNTS:
            scalars = _list_scalars(entries.get(key)) if several[key] else []
            self.named[key] += [Named(item.text, item, number) for item in scalars]
        mode = self._read_one(MODE, entries.get("mode"), "experiments.mode")
        self._refuse_loosening(entries.get("mode"), mode)
        path = self._read_one(self.path, entries.get("policy_set"), "experiments.policy_set")
        self._refuse_escape(entries.get("policy_set"), path)
        return Binding(
            several["name"],
            several["id"],
            several["project"],
            several["principals"],
            several["models"],
            mode,
            path,
            node.location(self.layer.file),
        )

    def _refuse_lacking(self, node: Node, entries: dict[str, Node]) -> None:
        if not _is_whole(node, entries):
            return
        if not entries.keys() & {"name", "id"}:
            self.values.refuse(node, "it is not said which experiments are meant", "add `name: PATTERN`, or `id: ID`")
        if "project" not in entries:
            message = "it is not said which projects train there"
            self.values.refuse(node, message, "add `project: PATTERN`; `'*'` is every project")

    def _refuse_loosening(self, node: Node | None, mode: str) -> None:
        """A mode that would take back what another layer makes final is a problem."""
        if node is None or self.final is None or mode in ("", "enforce"):
            return
        final = self.final.root.entries["final"][0].location(self.final.file)
        message = f"`mode: {mode}` would loosen policies that another layer makes final"
        remedy = "take it out, or have that layer say it"
        place = node.location(self.layer.file)
        self.values.problems.append(Problem(message, remedy, place, (("they are made final here", final),)))

    def _refuse_escape(self, node: Node | None, path: str) -> None:
        """What a bundle does not pin is a problem within it."""
        if node is None or not path or not self.layer.top:
            return
        from policy.loading.bundles.confinement import refuse_escape

        problem = refuse_escape(self.layer.folder, path, self.layer.top, node.location(self.layer.file))
        self.values.problems.extend([problem] if problem else [])

    def _refuse_shadows(self) -> None:
        for key, named in self.named.items():
            if key != "id" and len(named) > MOST_PATTERNS:
                message = f"the experiments have more than {MOST_PATTERNS:,} patterns under `{key}`"
                self.values.refuse(named[MOST_PATTERNS].node, message, "use fewer and wider ones")
                continue
            for item, above in find_shadows(named):
                what = f"`{item.text}`" if key != "id" else f"the experiment {item.text}"
                message = f"{what} never counts here: an entry above takes it, and the first one counts"
                remedy = "put this entry above the other one, or take it out"
                where, other = (found.node.location(self.layer.file) for found in (item, above))
                self.values.problems.append(Problem(message, remedy, where, ((f"`{above.text}` is here", other),)))


def _is_whole(node: Node, entries: dict[str, Node]) -> bool:
    """Whether all its keys are known; else what seems to be lacking may be the one that is misspelt."""
    return isinstance(node, Mapping) and len(entries) == len(node.entries)


def _list_scalars(node: Node | None) -> list[Scalar]:
    items = node.items if isinstance(node, Sequence) else [node]
    return [item for item in items if isinstance(item, Scalar)]
