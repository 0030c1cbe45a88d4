"""A tree of nodes built from the events of a YAML parser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
)

from policy.errors import Location, PolicyError, Problem
from policy.source.node import Mapping, Node, Scalar, Sequence
from policy.source.yaml_keys import KeyReader
from policy.source.yaml_properties import Properties, describe_depth

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.source.limits import Limits


class Builder:
    """Turns events into nodes; what is wrong but does not stand in the way is collected in `problems`."""

    def __init__(self, file: str, text: str, limits: Limits, *, merge: bool, single: bool) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self._limits = limits
        self._single = single
        self._keys = KeyReader(file, self.problems, merge=merge)
        self._properties = Properties(file, text, limits, self.problems)
        self._roots: list[Node] = []
        self._children = self._roots  # of the innermost list or mapping that is still open: self._opening
        self._opening: Any = None
        self._stack: list[tuple[Any, list[Node]]] = []
        self._nodes = 0
        # Where the last value ended: the parser's own mark for the end of a block is on a later line.
        self._end: Any = None

    def build_roots(self, events: Iterator[Any]) -> list[Node]:
        """The root of every document; raises PolicyError where a limit is passed."""
        handlers = {
            MappingStartEvent: self._open_collection,
            SequenceStartEvent: self._open_collection,
            MappingEndEvent: self._close_mapping,
            SequenceEndEvent: self._close_sequence,
            AliasEvent: self._add_alias,
            DocumentStartEvent: self._start_document,
            DocumentEndEvent: self._end_document,
            StreamStartEvent: self._pass_over,
            StreamEndEvent: self._pass_over,
        }
        max_nodes = self._limits.max_nodes
        for event in events:
            kind = type(event)
            if kind is not ScalarEvent:
                handlers[kind](event)
            elif event.anchor is None and event.tag is None:
                # Most events end here; a call for each would cost a tenth of the reading.
                self._nodes += 1
                start = event.start_mark
                self._end = end = event.end_mark
                places = start.line + 1, start.column + 1, end.line + 1, end.column + 1
                self._children.append(Scalar(event.value, not event.style, *places))
            else:
                self._add_scalar(event)
            if self._nodes > max_nodes:
                raise PolicyError(self._describe_size(event))
        return self._roots

    def _add_scalar(self, event: Any) -> None:
        self._nodes += 1
        self._end = event.end_mark
        self._children.append(self._properties.read_scalar(event, self._nodes))

    def _add_alias(self, event: Any) -> None:
        node, size = self._properties.resolve_alias(event, len(self._stack))
        self._nodes += size
        self._end = event.end_mark
        self._children.append(node)

    def _open_collection(self, event: Any) -> None:
        self._nodes += 1
        if len(self._stack) == self._limits.max_depth:
            raise PolicyError(describe_depth(self._locate(event), self._limits))
        if event.anchor is not None:
            self._properties.open_value(event, self._nodes - 1)
        self._stack.append((self._opening, self._children))
        self._opening = event
        self._children = []

    def _close_mapping(self, event: Any) -> None:
        self._close_collection(event, Mapping(self._keys.read_entries(self._children), 1, 1, 1, 1))

    def _close_sequence(self, event: Any) -> None:
        self._close_collection(event, Sequence(self._children, 1, 1, 1, 1))

    def _close_collection(self, event: Any, node: Node) -> None:
        opening = self._opening
        start = opening.start_mark
        if opening.flow_style:
            self._end = event.end_mark
        end = self._end
        node.line, node.column = start.line + 1, start.column + 1
        node.end_line, node.end_column = end.line + 1, end.column + 1
        if opening.anchor is not None or opening.tag is not None:
            self._properties.close_value(opening, node, self._nodes)
        self._opening, self._children = self._stack.pop()
        self._children.append(node)

    def _start_document(self, event: Any) -> None:
        if self._roots and self._single:
            message = "a second document starts here, and the file may hold only one"
            remedy = "remove the line `---`, or split the file"
            raise PolicyError(Problem(message, remedy, self._locate(event)))

    def _end_document(self, _event: Any) -> None:
        self._properties.forget_anchors()

    def _pass_over(self, event: Any) -> None:
        """The stream's start and end say nothing."""

    def _locate(self, event: Any) -> Location:
        mark = event.start_mark
        return Location(self.file, mark.line + 1, mark.column + 1, mark.line + 1, mark.column + 2)

    def _describe_size(self, event: Any) -> Problem:
        message = f"the document holds more than {self._limits.max_nodes:,} values, aliases written out"
        return Problem(message, "split the file, or use fewer aliases", self._locate(event))
