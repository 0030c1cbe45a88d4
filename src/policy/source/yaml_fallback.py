"""PyYAML's parser in pure Python, with the faults that libyaml reports and it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from yaml.error import MarkedYAMLError
from yaml.events import ScalarEvent
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.scanner import Scanner

if TYPE_CHECKING:
    from collections.abc import Iterator


class _PythonParser(Reader, Scanner, Parser):
    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)


def open_python_events(text: str) -> Iterator[Any]:
    """The events of a text; raises YAMLError on the way."""
    parser = _PythonParser(text)
    try:
        for event in iter(parser.get_event, None):
            if isinstance(event, ScalarEvent):
                event.value.encode()  # an escape can have made half of a surrogate pair
            yield event
    except ValueError as fault:  # numbers in escapes and directives that Python refuses to convert
        raise MarkedYAMLError(problem=str(fault), problem_mark=parser.get_mark()) from None
