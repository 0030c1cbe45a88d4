"""Patterns of `matches`: full matches in the common subset of RE2, PostgreSQL and Spark."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

# One token of the subset after the other; whatever none of them matches is refused. Compiled when a pattern is used.
_ESCAPED = r"""\\[-.\\+*?()\[\]{}|^$/tn "'#&~=:,;!@%<>_`]"""
_CLASS_START = rf"\[\^?(?:{_ESCAPED}|(?!&&)[^\[\]\\])*"
_TOKEN = (
    rf"(?P<escaped>{_ESCAPED})"
    rf"|(?P<class>\[\^?(?:{_ESCAPED}|(?!&&)[^\[\]\\])+\])"
    r"|(?P<repeat>[*+?]|\{[0-9]+(?:,[0-9]*)?\})"
    r"|(?P<group>\((?:\?:|(?!\?))|[)|])"
    r"|(?P<plain>[^\\\[\](){}*+?|^$])"
)
_LONGEST = 500
_MOST_REPEATS = 255  # as far as PostgreSQL counts


def refuse_pattern(pattern: str) -> tuple[str, str] | None:
    """What in the pattern is outside the subset, and the remedy; None where nothing is."""
    if len(pattern) > _LONGEST:
        return f"the pattern is longer than {_LONGEST} characters", "use a shorter pattern"
    outside = _find_outside(pattern)
    if outside is not None:
        return outside
    try:
        compile_pattern(pattern)
    except ValueError as error:
        return f"the pattern cannot be read: {error}", "mend the pattern"
    return None


def _find_outside(pattern: str) -> tuple[str, str] | None:
    position, after_repeat = 0, False
    while position < len(pattern):
        found = re.compile(_TOKEN).match(pattern, position)
        if found is None:
            return _refuse_at(pattern, position)
        repeat = found.lastgroup == "repeat"
        if repeat and after_repeat:
            return f"a repeat followed by `{found[0]}` means different things to different engines", "repeat once"
        if repeat and any(int(bound) > _MOST_REPEATS for bound in re.findall("[0-9]{1,9}", found[0])):
            return f"`{found[0]}` repeats more than {_MOST_REPEATS} times", "write smaller bounds"
        after_repeat = repeat
        position = found.end()
    return None


def _refuse_at(pattern: str, position: int) -> tuple[str, str]:
    """Why no token of the subset stands here."""
    char, following = pattern[position], pattern[position + 1 : position + 2]
    if char == "\\":
        return f"`\\{following}` in a pattern means different things to different engines", _escape_remedy(following)
    if char in "^$":
        return f"`{char}` is not needed: a pattern matches the whole text", f"remove `{char}`, or write `\\{char}`"
    if char == "(":
        return "lookaround, flags and named groups are not part of the patterns", "use `(…)` or `(?:…)`"
    if char == "[":
        inside = re.compile(_CLASS_START).match(pattern, position)
        end = inside.end() if inside else position + 1
        if pattern[end : end + 1] == "\\":
            return _refuse_at(pattern, end)
    if char in "{}":
        return f"`{char}` stands here without bounds", f"write {{2}}, {{2,}} or {{2,3}}, or `\\{char}`"
    return (
        "this class of characters means different things to different engines, or is not closed",
        "write `[…]` with `[`, `]`, `\\` and `&&` escaped inside it",
    )


def _escape_remedy(escaped: str) -> str:
    classes = {
        "d": "[0-9]",
        "w": "[A-Za-z0-9_]",
        "s": "[ \\t\\n]",
        "D": "[^0-9]",
        "W": "[^A-Za-z0-9_]",
        "S": "[^ \\t\\n]",
    }
    return f"write `{classes[escaped]}`" if escaped in classes else "leave it out"


@lru_cache(maxsize=1024)
def compile_pattern(pattern: str) -> Callable[[str], bool]:
    """A function that tells whether a text matches as a whole. Raises ValueError where RE2 refuses the pattern."""
    import re2  # imported only where a policy uses a pattern

    options = re2.Options()
    options.dot_nl = True
    options.log_errors = False
    options.max_mem = 1 << 20
    try:
        compiled = re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0] if error.args else error
        raise ValueError(reason.decode() if isinstance(reason, bytes) else str(reason)) from None
    return lambda text: compiled.fullmatch(text) is not None
