"""Secrets are taken out of what is recorded before it is hashed: afterwards nothing can be taken out.

What recognises them is handed in, as bytes to spans. It looks at each text by itself, and at the whole as it is
written, where a key stands beside its value.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from policy.model.canonical import canonical_json
from policy.records.faults import LedgerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    # From, to (in bytes), and what it is: `github-token`.
    Recognise = Callable[[bytes], Iterable[tuple[int, int, str]]]

MARK: Final = "[redacted: {}]"


class Redactor:
    """Replaces what is recognised by a mark that says what it was."""

    def __init__(self, recognise: Recognise) -> None:
        self._recognise = recognise

    def redact_value(self, value: Any) -> Any:
        """A JSON value without secrets; the same where there are none."""
        if self._has("\n".join(_list_texts(value))):
            value = self._redact_texts(value)
        written = canonical_json(value)
        replaced = self._replace(written)
        if replaced == written:
            return value
        try:
            return json.loads(replaced)
        except ValueError:
            raise LedgerError("secret", "what is to be recorded holds a secret that cannot be taken out") from None

    def _redact_texts(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._replace(value.encode("utf-8", "replace")).decode() if self._has(value) else value
        if isinstance(value, dict):
            return {self._redact_texts(key): self._redact_texts(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self._redact_texts(item) for item in value]
        return value

    def _has(self, text: str) -> bool:
        # A lone surrogate is no text that could be written anyway.
        return any(True for _ in self._recognise(text.encode("utf-8", "replace")))

    def _replace(self, text: bytes) -> bytes:
        parts, done = [], 0
        for start, end, kind in sorted(self._recognise(text)):
            if start < done:
                # It overlaps the one before; what of it sticks out goes, too.
                done = max(done, end)
                continue
            parts += [text[done:start], MARK.format(kind).encode()]
            done = end
        return b"".join((*parts, text[done:]))


def _list_texts(value: Any) -> Iterator[str]:
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict):
            pending += [*item.keys(), *item.values()]
        elif isinstance(item, list | tuple):
            pending += item
