"""What a plugin can contribute: the types that hooks return."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from policy.errors import Location, Problem
    from policy.model.fact import Fact
    from policy.model.fields import Field
    from policy.source.node import Document, Mapping as MappingNode


class PolicySource(NamedTuple):
    """A folder of policies, `<area>/<id>.yaml`, that a policy set can name."""

    name: str
    folder: str


class Predicate(NamedTuple):
    """A named predicate: a function of the subject's plain values, whose result becomes the fact `field`.

    It runs before judging, in a process that is ended after `timeout` seconds; `function` must be importable
    by name. A path that is not in the values is unknown. None as result leaves the fact unknown.
    """

    field: Field
    function: Callable[[Mapping[str, Any]], Any]
    timeout: float = 10.0


class Evidence(NamedTuple):
    """What a collector found: facts, problems with the input, and per path why a fact could not be had."""

    facts: tuple[Fact, ...] = ()
    problems: tuple[Problem, ...] = ()
    unavailable: Mapping[str, str] = {}  # noqa: RUF012 - never changed


class DatasetReference(NamedTuple):
    """Data that a training config names: a file as it is written there, or the name of a data set elsewhere."""

    path: str | None
    name: str | None
    split: str
    location: Location


class ConfigFacts(NamedTuple):
    """What a training config tells: observed facts, the data it names, and what could not be read."""

    facts: tuple[Fact, ...]
    datasets: tuple[DatasetReference, ...] = ()
    problems: tuple[Problem, ...] = ()


class Project(NamedTuple):
    """What a collector may look at: a folder inside `root` (an absolute path), and what is declared about it.

    `folder` is relative to the root and is what manifest paths are relative to; `datasets` are those of
    the subject's training config.
    """

    root: str
    folder: str
    declared: tuple[Fact, ...]
    datasets: tuple[DatasetReference, ...] = ()


class Collector(Protocol):
    """Observes facts about a project. `observes` names the paths that it can tell."""

    name: str
    observes: tuple[str, ...]

    def collect(self, project: Project) -> Evidence:
        """What was observed; never raises for what it finds in the project."""


class ConfigContext(Protocol):
    """What a training-config reader may look at beside the config."""

    folder: str
    """The config's folder, relative to the root."""

    def read_file(self, path: str) -> bytes | None:
        """The bytes of a file inside the root, by its path relative to the root; None where there is none."""

    def exists(self, path: str) -> bool:
        """Whether a file is there."""


class TrainingConfigReader(Protocol):
    """Reads the training configs of one tool; `marks` are bytes one of which stands in every such file."""

    name: str
    marks: tuple[bytes, ...]

    def recognise(self, root: MappingNode) -> bool:
        """Whether this is a config of the tool that starts a fine-tuning."""

    def read(self, document: Document, context: ConfigContext) -> ConfigFacts:
        """What the config tells."""
