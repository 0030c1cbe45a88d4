"""What stands before a YAML value, its anchor and tag, and the aliases that refer to anchors."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from policy.errors import Location, PolicyError, Problem
from policy.source.display import quote_name
from policy.source.encoding import find_place
from policy.source.node import Mapping, Node, Scalar, Sequence

if TYPE_CHECKING:
    from policy.source.limits import Limits

_STANDARD = "tag:yaml.org,2002:"
_TEXT_TAG = _STANDARD + "str"
_ANY_TAG = "!"
_FITTING = {
    Scalar: frozenset(_STANDARD + name for name in ("str", "int", "float", "bool", "null", "timestamp")),
    Sequence: frozenset([_STANDARD + "seq"]),
    Mapping: frozenset([_STANDARD + "map"]),
}
_KINDS = {Scalar: "a single value", Sequence: "a list", Mapping: "a mapping"}
_PROPERTIES = r"(?:[&!]\S*(?:\s|#[^\r\n]*)*)+"


class _Anchor:
    """A named value; `node` is missing as long as the value has not ended."""

    __slots__ = ("before", "location", "node", "size")

    def __init__(self, before: int, location: Location) -> None:
        self.before = before
        self.location = location
        self.node: Node | None = None
        self.size = 0


class Properties:
    """The anchors of a document, and the checks on tags and aliases; what is wrong goes to `problems`."""

    def __init__(self, file: str, text: str, limits: Limits, problems: list[Problem]) -> None:
        self._file = file
        self._text = text
        self._limits = limits
        self._problems = problems
        self._aliases = 0
        self._anchors: dict[str, _Anchor] = {}
        self._heights: dict[int, int] = {}

    def forget_anchors(self) -> None:
        """An anchor holds until its document ends."""
        self._anchors.clear()
        self._heights.clear()

    def open_value(self, event: Any, before: int) -> None:
        """Note the anchor of a list or mapping that starts after `before` values."""
        if event.anchor is None:
            return
        location = self._locate(event)
        if earlier := self._anchors.get(event.anchor):
            name = quote_name("&" + event.anchor)
            message, related = f"the anchor {name} is given twice", (("first given here", earlier.location),)
            self._problems.append(Problem(message, "rename one of them", location, related))
        self._anchors[event.anchor] = _Anchor(before, location)

    def close_value(self, event: Any, node: Node, nodes: int) -> None:
        """Check the tag of a value that has ended, and give it to its anchor and its position behind both."""
        self._check_tag(event, type(node))
        if isinstance(node, Scalar) and node.text == "" and not event.style:
            node.line, node.column = node.end_line, node.end_column
        else:
            node.line, node.column = self._find_start(event)
        if event.anchor is not None:
            anchor = self._anchors[event.anchor]
            anchor.node, anchor.size = node, nodes - anchor.before

    def read_scalar(self, event: Any, nodes: int) -> Scalar:
        """A scalar with an anchor or a tag; it is number `nodes` of the document."""
        end = event.end_mark
        plain = not event.style and event.tag != _TEXT_TAG
        node = Scalar(event.value, plain, 1, 1, end.line + 1, end.column + 1)
        self.open_value(event, nodes - 1)
        self.close_value(event, node, nodes)
        return node

    def resolve_alias(self, event: Any, depth: int) -> tuple[Node, int]:
        """The value that an alias `depth` levels deep stands for, and how many values that is."""
        self._aliases += 1
        if self._aliases > self._limits.max_aliases:
            message = f"there are more than {self._limits.max_aliases} aliases"
            raise PolicyError(Problem(message, "write the values out", self._locate(event)))
        anchor = self._anchors.get(event.anchor)
        if anchor is None or anchor.node is None:
            self._report_alias(event, anchor)
            start = self._locate(event)
            return Scalar("", True, *start[1:]), 1  # stands in until the problems are raised
        if depth + self._measure_height(anchor.node) > self._limits.max_depth:
            raise PolicyError(describe_depth(self._locate(event), self._limits))
        return anchor.node, anchor.size

    def _report_alias(self, event: Any, anchor: _Anchor | None) -> None:
        name = event.anchor
        if anchor is None:
            message = f"the alias {quote_name('*' + name)} names no anchor before it"
            remedy = "put quotes around a value that starts with `*`, or set the anchor first"
            self._problems.append(Problem(message, remedy, self._locate(event)))
        else:
            message = f"the alias {quote_name('*' + name)} stands inside the value that it refers to"
            related = (("the value starts here", anchor.location),)
            self._problems.append(Problem(message, "write the value out", self._locate(event), related))

    def _check_tag(self, event: Any, kind: type[Node]) -> None:
        tag = event.tag
        if tag is None or tag == _ANY_TAG or tag in _FITTING[kind]:
            return
        name = quote_name(tag.replace(_STANDARD, "!!", 1))
        if any(tag in tags for tags in _FITTING.values()):
            message, remedy = f"the tag {name} does not fit {_KINDS[kind]}", "remove the tag"
        else:
            message = f"the tag {name} is not supported"
            remedy = "remove the tag; put quotes around a value that starts with `!`"
        self._problems.append(Problem(message, remedy, self._locate(event)))

    def _locate(self, event: Any) -> Location:
        """The anchor, tag or alias that the event starts with."""
        mark = event.start_mark
        word = re.compile(r"[^\s,\]}]*").match(self._text, mark.index)
        width = len(word[0]) if word else 1
        return Location(self._file, mark.line + 1, mark.column + 1, mark.line + 1, mark.column + 1 + width)

    def _find_start(self, event: Any) -> tuple[int, int]:
        """Where the value itself starts: the parser's mark is at its anchor or tag."""
        mark = event.start_mark
        properties = re.compile(_PROPERTIES).match(self._text, mark.index)
        if properties is None:
            return mark.line + 1, mark.column + 1
        place = find_place(properties[0], len(properties[0]), self._file)
        column = mark.column + place.column if place.line == 1 else place.column
        return mark.line + place.line, column

    def _measure_height(self, node: Node) -> int:
        """How many levels of lists and mappings there are in the node, aliases followed."""
        if isinstance(node, Scalar):
            return 0
        if (height := self._heights.get(id(node))) is None:
            height = 1 + max(map(self._measure_height, _get_children(node)), default=0)
            self._heights[id(node)] = height
        return height


def _get_children(node: Node) -> list[Node]:
    if isinstance(node, Mapping):
        return [value for _, value in node]
    return node.items if isinstance(node, Sequence) else []


def describe_depth(location: Location, limits: Limits) -> Problem:
    """The problem of lists and mappings within each other beyond the limit."""
    message = f"lists and mappings are nested more than {limits.max_depth} levels deep"
    return Problem(message, "make the document flatter", location)
