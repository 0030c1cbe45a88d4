"""What PyYAML's parsers object to, in the words of somebody who wrote the file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.errors import Location, Problem
from policy.source.display import quote_name
from policy.source.encoding import describe_character
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from yaml.error import YAMLError


class _Fault(NamedTuple):
    """An objection of the parser: what it was reading, what is wrong, and the two places, from 0."""

    context: str
    problem: str
    start: int
    """Where what it was reading starts; equal to `at` where the parser does not say."""
    at: int
    text: str

    @property
    def line_before(self) -> str:
        """What stands before the fault on its line."""
        before = self.text[: self.at]
        return before[max(before.rfind("\n"), before.rfind("\r")) + 1 :]

    @property
    def found(self) -> str:
        return self.text[self.at : self.at + 1]


class _Advice(NamedTuple):
    message: str
    remedy: str
    at_start: bool = False
    """The place to show is where the unfinished thing starts, not where the parser stopped."""
    stopped: str = ""
    """What to say of the place where the parser stopped, where that is another."""


def explain_fault(fault: YAMLError, text: str, file: str) -> Problem:
    """The problem that a parser's error is about."""
    if (position := getattr(fault, "position", None)) is not None:
        return describe_character(text, _find_character(text, position), file)
    at: Any = getattr(fault, "problem_mark", None)
    start: Any = getattr(fault, "context_mark", None) or at
    problem = getattr(fault, "problem", None) or str(fault)
    if at is None:
        return Problem(f"the YAML cannot be read: {problem}", "check the file", Location(file))
    details = _Fault(getattr(fault, "context", None) or "", problem, start.index, at.index, text)
    advice = _advise(details)
    place = _locate(start if advice.at_start else at, file)
    at_end = not text[at.index :].strip()
    related = ((advice.stopped, _locate(at, file)),) if advice.stopped and not at_end else ()
    return Problem(advice.message, advice.remedy, place, related)


def _locate(mark: Any, file: str) -> Location:
    return Location(file, mark.line + 1, mark.column + 1, mark.line + 1, mark.column + 2)


def _find_character(text: str, position: int) -> int:
    """The index of the character that a parser refused; its own `position` may count bytes."""
    import re

    refused = re.compile("[^\t\n\r\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]").search(text)
    return refused.start() if refused else min(position, len(text) - 1)


def _advise(fault: _Fault) -> _Advice:
    for words, explain in _EXPLANATIONS:
        if any(word in fault.problem for word in words):
            return explain(fault)
    for words, explain in _CONTEXTS:
        if any(word in fault.context for word in words):
            return explain(fault)
    return _Advice(f"the YAML cannot be read: {fault.problem}", "correct it, or put quotes around it")


def _explain_start(fault: _Fault) -> _Advice:
    if fault.found == "\t":
        return _explain_tab(fault)
    found = "a backtick" if fault.found == "`" else quote_name(fault.found)
    return _Advice(f"a value cannot start with {found}", "put quotes around the value")


def _explain_tab(fault: _Fault) -> _Advice:
    if fault.line_before.strip():
        return _Advice("a tab stands before a value", "use spaces")
    return _Advice("a tab is used for indentation", "use spaces")


def _explain_colon(fault: _Fault) -> _Advice:
    if ": " in fault.line_before:
        return _Advice("the value contains `: `, which ends a key", "put quotes around the value")
    return _Advice(
        "a key stands where none can be: the text before it is not complete, or is indented less",
        "indent the key like its neighbours, and end the key before it with `:`",
    )


def _explain_dash(_fault: _Fault) -> _Advice:
    return _Advice(
        "a list cannot start with `- ` on the line of its key",
        "put each item on a line of its own, or write the list as `[a, b]`",
    )


def _explain_question(_fault: _Fault) -> _Advice:
    return _Advice("a `?` marks a key where none can be", "put quotes around a value that starts with `?`")


def _explain_open_list(_fault: _Fault) -> _Advice:
    return _Advice(
        "the list that starts with `[` is not closed, or a comma is missing",
        "add the `]` or the comma",
        at_start=True,
        stopped="one of them is missing before this",
    )


def _explain_open_mapping(_fault: _Fault) -> _Advice:
    return _Advice(
        "the mapping that starts with `{` is not closed, or a comma is missing",
        "add the `}` or the comma",
        at_start=True,
        stopped="one of them is missing before this",
    )


def _explain_open_quote(fault: _Fault) -> _Advice:
    quote = fault.text[fault.start : fault.start + 1]
    return _Advice(
        f"the text that starts with {quote} is not closed",
        f"add the closing {quote}",
        at_start=True,
        stopped="quoted text cannot go on beyond this line",
    )


def _explain_escape(fault: _Fault) -> _Advice:
    escape = quote_name(fault.text[fault.text.rfind("\\", 0, fault.at + 1) :][:2])
    return _Advice(
        f"{escape} is not a complete escape of a character in double quotes",
        "write `\\\\` for a backslash, or use single quotes",
    )


def _explain_surrogate(_fault: _Fault) -> _Advice:
    return _Advice(
        "an escape names no character: it is half of a surrogate pair, or beyond U+10FFFF",
        "write the character itself",
    )


def _explain_missing_key(fault: _Fault) -> _Advice:
    if fault.found == ":":
        return _Advice("there is no key before `:`", "write the key, or remove the line")
    if fault.line_before.strip():
        return _explain_rest(fault)
    return _Advice(
        "the line is not a key at the indentation of the keys above it",
        "indent it like its neighbours, and write `key: value`",
    )


def _explain_missing_item(fault: _Fault) -> _Advice:
    if fault.line_before.strip():
        return _explain_rest(fault)
    return _Advice("a line within a list does not start with `- `", "start it with `- `, or correct its indentation")


def _explain_rest(_fault: _Fault) -> _Advice:
    return _Advice("there is more text after the end of the value", "remove it, or put quotes around the whole value")


def _explain_missing_colon(_fault: _Fault) -> _Advice:
    return _Advice(
        "the line has no `:` after its key",
        "write `key: value`; if the line continues the text above, indent it",
        at_start=True,
    )


def _explain_missing_value(fault: _Fault) -> _Advice:
    if fault.found == ":":
        return _explain_missing_key(fault)
    found = quote_name(fault.found) if fault.found.strip() else "the end of the line"
    return _Advice(f"a value is missing before {found}", f"write the value, or remove {found}")


def _explain_name(fault: _Fault) -> _Advice:
    mark = quote_name(fault.text[fault.start : fault.start + 1])
    kind = "an alias" if "alias" in fault.context else "an anchor"
    return _Advice(
        f"{mark} starts {kind}, and its name is missing or not made of letters, digits, `-` and `_`",
        f"put quotes around a value that starts with {mark}",
        at_start=True,
    )


def _explain_tag(_fault: _Fault) -> _Advice:
    return _Advice(
        "`!` starts a tag, and this is not one",
        "put quotes around a value that starts with `!`",
        at_start=True,
    )


def _explain_directive(_fault: _Fault) -> _Advice:
    return _Advice("a line that starts with `%` is not understood", "remove the line", at_start=True)


def _explain_block(_fault: _Fault) -> _Advice:
    return _Advice(
        "only `+`, `-`, a digit from 1 to 9 and a comment can follow `|` or `>`",
        "start the text on the next line",
    )


def _explain_second_value(_fault: _Fault) -> _Advice:
    return _Advice(
        "the document has ended, and there is more text", "remove it; a file holds one value, list or mapping"
    )


_Explanation = tuple[tuple[str, ...], "Callable[[_Fault], _Advice]"]

# Words of libyaml and of PyYAML's own parser, which differ; the first row that fits explains the fault.
_EXPLANATIONS: tuple[_Explanation, ...] = (
    (("tab character",), _explain_tab),
    (("cannot start any token",), _explain_start),
    (("mapping values are not allowed",), _explain_colon),
    (("mapping keys are not allowed",), _explain_question),
    (("sequence entries are not allowed",), _explain_dash),
    (("expected ',' or ']'",), _explain_open_list),
    (("expected ',' or '}'",), _explain_open_mapping),
    (("unexpected end of stream", "document indicator", "document separator"), _explain_open_quote),
    (("Unicode character escape", "surrogates not allowed", "chr() arg"), _explain_surrogate),
    (("could not find expected ':'",), _explain_missing_colon),
    (("expected node content", "expected the node content"), _explain_missing_value),
    (("document start>",), _explain_second_value),
    (("YAML directive", "YAML document", "version number"), _explain_directive),
    (("undefined tag handle",), _explain_tag),
    (("expected key",), _explain_missing_key),
    (("'-' indicator",), _explain_missing_item),
)
_CONTEXTS: tuple[_Explanation, ...] = (
    (("directive",), _explain_directive),
    (("tag",), _explain_tag),
    (("anchor", "alias"), _explain_name),
    (("block scalar",), _explain_block),
    (("quoted scalar",), _explain_escape),
    (("block mapping",), _explain_missing_key),
    (("block collection", "block sequence"), _explain_missing_item),
)
