"""YAML read into nodes with positions, in one pass over the parser's events and within limits.

Neither PyYAML's composer nor its constructors take part: the C loader dies on deep nesting, an alias can stand
for billions of values, the last of two equal keys wins in silence, and `no` turns into a boolean.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from yaml.error import YAMLError

from policy.errors import Location, PolicyError, Problem
from policy.source.encoding import decode, find_place
from policy.source.file import read_bytes
from policy.source.limits import DEFAULT_LIMITS
from policy.source.node import Document, Scalar, Sequence
from policy.source.yaml_builder import Builder
from policy.source.yaml_events import open_events

if TYPE_CHECKING:
    from policy.source.limits import Limits
    from policy.source.node import Node

_TAG_DIRECTIVE = b"%TAG"


def read_yaml_file(path: str, file: str, limits: Limits = DEFAULT_LIMITS, *, merge: bool = False) -> Document:
    """The document in the regular file at `path`, or PolicyError; `file` is the name that positions bear."""
    return read_yaml(read_bytes(path, file, limits), file, limits, merge=merge)


def read_yaml(
    data: bytes,
    file: str,
    limits: Limits = DEFAULT_LIMITS,
    *,
    merge: bool = False,
    documents: Literal["single", "many"] = "single",
) -> Document:
    """The document in `data`, or PolicyError with every problem found, in the order of the text.

    `merge` resolves YAML 1.1 merge keys; with `documents="many"` the root is a list of the documents' roots.
    """
    text = decode(data, file, limits)
    if _TAG_DIRECTIVE in data:
        _refuse_tag_directive(text, file)
    roots = _read_roots(data, text, Builder(file, text, limits, merge=merge, single=documents == "single"))
    if documents == "many":
        return Document(file, text, Sequence(roots, 1, 1, roots[-1].end_line, roots[-1].end_column))
    return Document(file, text, roots[0])


def _read_roots(data: bytes, text: str, builder: Builder) -> list[Node]:
    problems = builder.problems
    roots: list[Node] = []
    try:
        roots = builder.build_roots(open_events(data, text))
    except PolicyError as refusal:
        problems += refusal.problems
    except YAMLError as fault:
        from policy.source.yaml_faults import explain_fault  # for broken files only

        problems.append(explain_fault(fault, text, builder.file))
    if not problems and (not roots or _is_blank(roots)):
        problems.append(Problem("the file is empty", "write its content", Location(builder.file)))
    if problems:
        raise PolicyError(*sorted(problems, key=_get_position))
    return roots


def _is_blank(roots: list[Node]) -> bool:
    root = roots[0]
    return len(roots) == 1 and isinstance(root, Scalar) and root.plain and root.text == ""


def _get_position(problem: Problem) -> tuple[int, int]:
    return (problem.location.line, problem.location.column) if problem.location else (0, 0)


def _refuse_tag_directive(text: str, file: str) -> None:
    """Before parsing, because libyaml compares each such line with all before it, which can take seconds."""
    if found := re.search(r"^%TAG", text.replace("\r", "\n"), re.MULTILINE):
        message = "a `%TAG` line defines custom tags, which are not supported"
        raise PolicyError(Problem(message, "remove the line", find_place(text, found.start(), file)))
