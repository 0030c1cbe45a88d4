"""SPDX licence expressions: which of the licences that they name hold."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST = 1000
DEEPEST = 16
_TOKENS = re.compile(r"[()]|[^\s()]+")
_NAME = re.compile(r"[a-z0-9][a-z0-9.+:_-]*")
_WORDS = ("and", "or", "with")


def choose_licenses(expression: str, rank: Callable[[frozenset[str]], Any]) -> frozenset[str]:
    """The licences that hold together, in lower case; of those joined by OR the ones that `rank` puts first.

    By annex D of the SPDX specification 2.3: WITH binds before AND, and AND before OR. An exception only adds
    permissions, and is left out. What is no expression is one name, which no table lists.
    """
    text = expression.strip().lower()
    if len(text) <= LONGEST:
        reader = ExpressionReader(_TOKENS.findall(text), rank)
        try:
            chosen = reader.read_choice()
        except ValueError:
            return frozenset({text})
        if not reader.next:
            return chosen
    return frozenset({text})


class ExpressionReader:
    """Reads tokens from left to right; raises ValueError where they are no expression."""

    def __init__(self, tokens: list[str], rank: Callable[[frozenset[str]], Any]) -> None:
        self.tokens = iter(tokens)
        self.rank = rank
        self.next = next(self.tokens, "")

    def read_choice(self, depth: int = 0) -> frozenset[str]:
        """Licences joined by OR."""
        chosen = self._read_all(depth)
        while self.next == "or":
            self._take()
            chosen = min(chosen, self._read_all(depth), key=self.rank)
        return chosen

    def _read_all(self, depth: int) -> frozenset[str]:
        joined = self._read_one(depth)
        while self.next == "and":
            self._take()
            joined |= self._read_one(depth)
        return joined

    def _read_one(self, depth: int) -> frozenset[str]:
        if self.next == "(" and depth < DEEPEST:
            self._take()
            inner = self.read_choice(depth + 1)
            if self._take() != ")":
                raise ValueError("a bracket is not closed")
            return inner
        name = self._read_name()
        if self.next == "with":
            self._take()
            self._read_name()
        return frozenset({name})

    def _read_name(self) -> str:
        if self.next in _WORDS or not _NAME.fullmatch(self.next):
            raise ValueError("a name is missing")
        return self._take()

    def _take(self) -> str:
        taken, self.next = self.next, next(self.tokens, "")
        return taken
