"""What a plugin can contribute, and what it is given: the types that hooks return, and those that they meet."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Protocol

from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from policy.errors import Location, Problem
    from policy.model.fact import Fact
    from policy.model.schema import Field
    from policy.plugins.history import History
    from policy.source import node

NO_REASONS: Final[Mapping[str, str]] = MappingProxyType({})


class PolicySource(NamedTuple):
    """A folder of policies, `<area>/<id>.yaml`, that a policy set can name; `folder` is an absolute path."""

    name: str
    folder: str


class Predicate(NamedTuple):
    """A named predicate: a function of the subject's plain values, whose result becomes the fact `field`.

    It runs before judging, in a process that is ended after `timeout` seconds; `function` must be importable
    by name. It is called with a mapping of path to value: lists are tuples, records dictionaries. What is not
    known, or for a list not known in full, is not in it. None as result leaves the fact unknown.
    """

    field: Field
    function: Callable[[Mapping[str, Any]], Any]
    timeout: float = 10.0


class Evidence(NamedTuple):
    """What a collector found: facts, problems with the input, and per path why a fact could not be had."""

    facts: tuple[Fact, ...] = ()
    problems: tuple[Problem, ...] = ()
    unavailable: Mapping[str, str] = NO_REASONS


class DatasetReference(NamedTuple):
    """One dataset that a config names: a file of the repository (`path`), or something elsewhere (`name`).

    `path` is relative to the repository's root. With neither, the config names data that could not be made out.
    `resolved` is false where the tool would find more, or other, data than this says. At most `limit` rows are
    used; `portion` is the selection as the config writes it, such as `train[:20%]`, where it takes a part only.
    """

    path: str | None
    name: str | None
    split: str
    location: Location
    resolved: bool = True
    limit: int | None = None
    portion: str = ""


class ConfigFacts(NamedTuple):
    """What one training config tells: observed facts, the data it names, and what could not be read."""

    facts: tuple[Fact, ...] = ()
    datasets: tuple[DatasetReference, ...] = ()
    problems: tuple[Problem, ...] = ()


class Project(NamedTuple):
    """What a collector may look at: a folder inside `root` (an absolute path), and what is declared about it.

    `folder` is relative to the root and is what manifest paths are relative to; `datasets` are those of
    the subject's training config, and `told` are the facts that it tells. `history` is that of the repository that
    the root lies in, if there is one. `tracking_server` is the address that the policy set gives, or empty.
    """

    root: str
    folder: str
    declared: tuple[Fact, ...]
    datasets: tuple[DatasetReference, ...] = ()
    told: tuple[Fact, ...] = ()
    history: History | None = None
    tracking_server: str = ""


class Collector(Protocol):
    """Observes facts about a project. `observes` names the paths that it can tell."""

    @property
    def name(self) -> str: ...

    @property
    def observes(self) -> tuple[str, ...]: ...

    def collect(self, project: Project) -> Evidence:
        """What was observed. Where it raises, all that it observes is unknown."""


class ConfigContext(Protocol):
    """Where a training config stands: the only way in which a reader looks at other files of the repository.

    `folder` is the config's own folder and `base` that of the manifest which covers it, both relative to the
    repository's root, with `/`, empty for the root itself. Paths in facts are relative to `base`. `digest` is
    the SHA-256 of the config's bytes.
    """

    @property
    def folder(self) -> str: ...

    @property
    def base(self) -> str: ...

    @property
    def digest(self) -> str: ...

    def read_file(self, relative: str) -> bytes | None:
        """The content of a small file, its path relative to the root; None where it cannot be had."""

    def exists(self, relative: str) -> bool:
        """Whether there is a file, its path relative to the root."""

    def find_file(self, written: str) -> str | None:
        """The path from the root of the file that the config calls `written`."""

    def find_folder(self, written: str) -> str | None:
        """The path from the root of the folder that the config calls `written`."""


class TrainingConfigReader(Protocol):
    """Reads the training configs of one tool. A file is only parsed where one of `marks` occurs in its bytes."""

    @property
    def name(self) -> str: ...

    @property
    def marks(self) -> tuple[bytes, ...]: ...

    def recognise(self, root: node.Mapping) -> bool:
        """Whether this is a config that trains a model, and is written for this tool."""

    def read(self, document: node.Document, context: ConfigContext) -> ConfigFacts:
        """What a recognised config tells; a value that cannot be read is left out and noted as a warning."""


class TrainingCall(NamedTuple):
    """A call in Python that starts a fine-tuning: its name, and what it tells about the training.

    `name` is the dotted name to import, without the modules between the package and what it exports; `()` stands for
    what calling gives, as in `openai.OpenAI().fine_tuning.jobs.create`, and `*` for anything. `$ axolotl train` is a
    command, which a notebook or `subprocess` starts, by its first two or three words without options. `tool` and
    `method` are those of `training`, empty where the call does not tell. With `pretrained` it counts only for a model
    whose weights were loaded, and with `beside` only in a file that calls what is so named.
    """

    name: str
    tool: str = ""
    method: str = ""
    pretrained: bool = False
    beside: str = ""
