"""The commands that a pipeline runs, as words and arguments; nothing of them is run."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from policy.source.node import Mapping, Scalar, Sequence
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.source.node import Node

# What makes a document a pipeline: MLproject, dvc.yaml, Kubernetes with Kubeflow and Argo, what Kubeflow compiles
# pipelines into, Databricks bundles.
_PIPELINES = (
    ("entry_points",),
    ("stages",),
    ("apiVersion", "kind"),
    ("pipelineInfo", "deploymentSpec"),
    ("bundle",),
    ("resources",),
)
_HOLDERS = ("command", "commands", "cmd", "args")
# Words after which the command proper follows, the shell's own among them.
_WRAPPERS = frozenset(
    ("then", "do", "else", "exec", "time", "nohup", "sudo", "env", "uv", "poetry", "pipenv", "pdm", "run")
)
_ENDS = frozenset((";", "&&", "||", "|", "&", "(", ")"))
_ASSIGNMENT = re.compile(r"\w+=")
# What MLflow, DVC, Kubeflow or the shell put in when it runs.
_PLACEHOLDER = re.compile(r"\$\(?\{?\{?[\w.]+|\{+ *[\w.]+ *\}+")
_LONGEST = 20_000
# As OmegaConf and DVC write a value that is only known later, which the readings leave open.
_OPEN = "${?}"


class Command(NamedTuple):
    """A simple command: its words, and its options as a mapping at the place where they are written.

    `is_open` where the value of an option is only known when it runs.
    """

    words: tuple[str, ...]
    arguments: Mapping
    is_open: bool


def list_commands(root: Mapping) -> Iterator[Command]:
    """The commands of a pipeline; none of a document that is no pipeline."""
    if any(all(root.get(key) is not None for key in keys) for keys in _PIPELINES):
        yield from _walk(root)


def _walk(node: Node) -> Iterator[Command]:
    if isinstance(node, Sequence):
        for item in node.items:
            yield from _walk(item)
    elif isinstance(node, Mapping):
        held = {key: node.get(key) for key in _HOLDERS}
        yield from _read_holders(held)
        for key, value in node:
            if key.text not in held or isinstance(value, Mapping):
                yield from _walk(value)


def _read_holders(held: dict[str, Node | None]) -> Iterator[Command]:
    """Commands as text, each line or item by itself, and as lists of words, of which `args` are the end."""
    words: list[str] = []
    place: Node | None = None
    for node in held.values():
        for item in node.items if isinstance(node, Sequence) else [node]:
            if not isinstance(item, Scalar) or len(item.text) > _LONGEST:
                continue
            for simple in split_commands(item.text):
                yield from _parse(simple, item)
            if isinstance(node, Sequence):
                words.append(item.text)
                place = place or item
    if place is not None and not any(" " in word for word in words[:2]):
        yield from _parse(strip_wrappers(words), place)


def split_commands(text: str) -> Iterator[list[str]]:
    """The words of each simple command in lines of a shell, without what only says how it is run."""
    for line in text.replace("\\\n", " ").splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        try:
            words = list(lexer)
        except ValueError:
            # A quote that does not end: not a line of a shell.
            continue
        simple: list[str] = []
        for word in [*words, ";"]:
            if word in _ENDS:
                yield strip_wrappers(simple)
                simple = []
            else:
                simple.append(word)


def strip_wrappers(words: list[str]) -> list[str]:
    """The words of a command from its own name on."""
    start = next((at for at, word in enumerate(words) if not _is_before(word)), len(words))
    return words[start:]


def _parse(words: list[str], node: Node) -> Iterator[Command]:
    if len(words) < 2:
        return
    options = next((at for at, word in enumerate(words) if word.startswith("--")), len(words))
    found = _read_options(words[options:])
    values = {name: _OPEN if _PLACEHOLDER.search(value) else value for name, value in found.items()}
    entries: dict[str, tuple[Scalar, Node]] = {
        name: (_place(name, node), _place(value, node)) for name, value in values.items()
    }
    arguments = Mapping(entries, node.line, node.column, node.end_line, node.end_column)
    yield Command(tuple(words), arguments, _OPEN in values.values())


def _is_before(word: str) -> bool:
    return word in _WRAPPERS or bool(_ASSIGNMENT.match(word))


def _read_options(words: list[str]) -> dict[str, str]:
    """Options by their names: `--a b`, `--a=b`, `--a b c` and, with no value, `--a` for true."""
    values: dict[str, str] = {}
    name = ""
    for word in words:
        if word.startswith("--"):
            name, joined, value = word[2:].partition("=")
            name = name.replace("-", "_")
            values[name] = value if joined else ""
        elif name:
            values[name] = f"{values[name]} {word}" if values[name] else word
    return {name: value or "true" for name, value in values.items()}


def _place(text: str, node: Node) -> Scalar:
    return Scalar(text, False, node.line, node.column, node.end_line, node.end_column)
