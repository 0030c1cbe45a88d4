"""What is JSON and yet read in different ways: keys that are given twice, and halves of characters."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from policy.evidence.job_files.key_names import show_key
from policy.evidence.job_files.violations import Violation
from policy.source.display import quote_name

if TYPE_CHECKING:
    from collections.abc import Iterator

_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\]]')
_COLON = re.compile(r"[ \t\r\n]*:")
_HALF = re.compile("[\ud800-\udfff]")


def find_oddities(text: str) -> Iterator[Violation]:
    """The oddities of a line that is JSON, in the order of the text.

    No provider's rule names them. But which of two equal keys counts is up to the reader, and half of a surrogate
    pair cannot be written as UTF-8, so what is trained on may be something else than what was checked.
    """
    # The keys of the objects that are open; None for a list.
    open_keys: list[set[str] | None] = []
    for match in _TOKEN.finditer(text):
        found = match[0]
        if found in "{[":
            open_keys.append(set() if found == "{" else None)
        elif found in "}]":
            open_keys.pop()
        else:
            yield from _check_text(match, text, open_keys[-1] if open_keys else None)


def _check_text(match: re.Match[str], text: str, keys: set[str] | None) -> Iterator[Violation]:
    value, offset = json.loads(match[0], strict=False), match.start()
    if _HALF.search(value):
        message = "a text holds one half of a surrogate pair (`\\ud800` to `\\udfff`), which is no character"
        yield Violation("half-character", message, "write the whole character, or remove it", offset=offset)
    if keys is not None and _COLON.match(text, match.end()):
        if value in keys:
            message = (
                f"the key {quote_name(show_key(value))} is given twice in an object, and which counts is not defined"
            )
            yield Violation("duplicate-key", message, "keep one of them", offset=offset)
        keys.add(value)
