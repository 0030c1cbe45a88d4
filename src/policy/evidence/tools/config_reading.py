"""What is common to all training-config readers: settings looked up leniently, and facts gathered from them."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

from policy.errors import Location, Problem
from policy.evidence.tools.readers import describe_reference, rebase
from policy.evidence.values import read_boolean, read_integer, read_number
from policy.model.fact import ABSENT, Fact, Members
from policy.plugins.contracts import ConfigFacts
from policy.source.node import Mapping, Scalar, Sequence
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from policy.plugins.contracts import ConfigContext, DatasetReference
    from policy.source.node import Document, Node

# Names of branches, which move; anything else that a config gives as a revision is taken as pinned.
_MOVING = ("main", "master", "head", "latest")


class Setting(NamedTuple):
    """The value of one key; without a node nothing was written, without a value it could not be read."""

    value: Any
    node: Node | None

    @property
    def is_missing(self) -> bool:
        return self.node is None

    @property
    def is_unreadable(self) -> bool:
        return self.node is not None and self.value is None


class ConfigReading:
    """The facts of one config as they are gathered: what its keys state, its tool's defaults, and problems."""

    def __init__(self, tool: str, root: Mapping, document: Document, context: ConfigContext) -> None:
        self.tool = tool
        self.root = root
        self.file = document.file
        self.context = context
        self.digest = context.digest or sha256(document.text.encode()).hexdigest()
        self.facts: list[Fact] = []
        self.problems: list[Problem] = []

    def observe_training(self) -> None:
        """State what every config that was recognised tells: it is a fine-tuning, by this tool, in this file."""
        self.state("approach", "fine-tuning")
        self.state("training.tool", self.tool)
        self.state("training.config", rebase(self.file, self.context.base))

    def finish(self, datasets: Iterable[DatasetReference]) -> ConfigFacts:
        """Everything gathered, with the datasets also as `data.sources`."""
        found = tuple(datasets)
        source = f"{self.tool} config"
        members: dict[tuple[str | None, str | None], dict[str, Fact]] = {}
        for reference in found:
            if reference.path or reference.name:
                member = describe_reference(reference, self.context.base, source, self.digest)
                members.setdefault((reference.path, reference.name), member)
        complete = bool(found) and all(reference.resolved for reference in found)
        if found:
            self.state("data.sources", Members(tuple(members.values()), complete))
        return ConfigFacts(tuple(self.facts), found, tuple(self.problems))

    def state(self, path: str, value: Any, node: Node | None = None, origin: str = "observed") -> None:
        """Add a fact that the config tells, at the node that tells it or at the config's start."""
        self.facts.append(Fact(path, value, origin, f"{self.tool} config", self.locate(node), self.digest))

    def suppose(self, path: str, value: Any) -> None:
        """Add what the tool does, by its documentation, where the config says nothing."""
        self.facts.append(Fact(path, value, "observed", f"{self.tool} default", self.locate(), self.digest))

    def observe(self, path: str, setting: Setting, default: Any) -> None:
        """State the setting's value, or the default where nothing was written; nothing for an unreadable one."""
        if setting.is_missing:
            self.suppose(path, default)
        elif setting.value is not None:
            self.state(path, setting.value, setting.node)

    def observe_epochs(self, epochs: Setting, steps: Setting, default: float) -> None:
        """State `training.epochs`, but not where a number of steps rules: how often it passes over the data is open."""
        if steps.is_missing or (steps.value is not None and steps.value <= 0):
            self.observe("training.epochs", epochs, default)

    def observe_model(self, base: Setting, revision: Setting) -> None:
        """State `model.base` and `model.revision`; a folder has no revision, the head of a branch no fixed one."""
        if base.value is None:
            return
        self.state("model.base", base.value, base.node)
        if revision.value and revision.value.lower() in _MOVING:
            self.state("model.revision", ABSENT, revision.node)
        elif revision.value or not self._is_folder(base.value):
            self.observe("model.revision", revision, ABSENT)

    def observe_validation(self, datasets: Setting, share: Setting) -> None:
        """State whether data is held out: as datasets of its own, or as a share or number of training rows."""
        if datasets.value:
            self.state("training.validation", value=True, node=datasets.node)
        elif share.value is not None:
            self.state("training.validation", share.value > 0, share.node)
        elif share.is_missing and not datasets.is_unreadable:
            self.suppose("training.validation", value=False)

    def text(self, key: str, within: Mapping | None = None) -> Setting:
        """What a key states as text; nothing written for an empty one."""
        return self._look_up(key, within, "text", lambda text: text)

    def boolean(self, key: str, within: Mapping | None = None) -> Setting:
        return self._look_up(key, within, "true or false", read_boolean)

    def integer(self, key: str, within: Mapping | None = None) -> Setting:
        return self._look_up(key, within, "a whole number", read_integer)

    def number(self, key: str, within: Mapping | None = None) -> Setting:
        return self._look_up(key, within, "a number", read_number)

    def plugin(self, key: str) -> Setting:
        """The name of what a mapping with a `name` configures."""
        node = self.root.get(key)
        if node is None or (isinstance(node, Scalar) and node.is_null):
            return Setting(None, None)
        name = get_text(node, "name") if isinstance(node, Mapping) else ""
        if not name:
            self.warn(node, f"`{key}` is not a mapping with a `name`")
        return Setting(name or None, node)

    def texts(self, key: str, within: Mapping | None = None, separator: str = "") -> Setting:
        """A list of texts as (text, node) pairs, also where the config writes a single one or separates them."""
        node = (self.root if within is None else within).get(key)
        if node is None or (isinstance(node, Scalar) and (node.is_null or not node.text)):
            return Setting(None, None)
        items = node.items if isinstance(node, Sequence) else [node]
        found: list[tuple[str, Node]] = []
        for item in items:
            if not isinstance(item, Scalar):
                self.warn(item, f"`{key}` needs names")
                return Setting(None, node)
            parts = item.text.split(separator) if separator else [item.text]
            found += [(part.strip(), item) for part in parts if part.strip()]
        return Setting(tuple(found), node)

    def warn(self, node: Node | None, message: str, remedy: str = "") -> None:
        """Note something about the config that keeps it from being read in full."""
        remedy = remedy or f"write it as {self.tool} documents it; until then what depends on it is unknown"
        self.problems.append(Problem(message, remedy, self.locate(node), level="warning"))

    def locate(self, node: Node | None = None) -> Location:
        """Where the node stands; the config's start without one."""
        if node is None:
            return Location(self.file, self.root.line, self.root.column)
        return node.location(self.file)

    def _look_up(self, key: str, within: Mapping | None, wanted: str, read: Callable[[str], Any]) -> Setting:
        node = (self.root if within is None else within).get(key)
        if node is None or (isinstance(node, Scalar) and (node.is_null or not node.text)):
            return Setting(None, None)
        value = read(node.text) if isinstance(node, Scalar) else None
        if value is None:
            found = f"`{node.text[:40]}`" if isinstance(node, Scalar) else "a list or a mapping"
            self.warn(node, f"`{key}` is {found} where {wanted} is needed")
        return Setting(value, node)

    def _is_folder(self, name: str) -> bool:
        return name.startswith(("/", "./", "../", "~")) or self.context.find_folder(name) is not None


def get_text(root: Mapping, key: str) -> str:
    """The text under a key; empty for anything but a scalar."""
    node = root.get(key)
    return node.text if isinstance(node, Scalar) and not node.is_null else ""


def is_true(root: Mapping, key: str) -> bool:
    """Whether a key is set to true."""
    return read_boolean(get_text(root, key)) is True
