"""The events of a YAML text: from libyaml, or from PyYAML's own parser where it was built without."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

try:
    from yaml._yaml import CParser
except ImportError:  # PyYAML without its C extension: the same events, some eight times slower
    CParser = None  # type: ignore[assignment, misc]

if TYPE_CHECKING:
    from collections.abc import Iterator


def open_events(data: bytes, text: str) -> Iterator[Any]:
    """The events of a text, given also as the bytes that it was decoded from; raises YAMLError on the way."""
    if CParser is not None:
        return iter(CParser(data).get_event, None)
    from policy.source.yaml_fallback import open_python_events  # needed without the C extension only

    return open_python_events(text)
