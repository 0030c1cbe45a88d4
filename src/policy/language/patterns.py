"""Patterns of `matches`: full matches in the common subset of RE2, PostgreSQL and Spark."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_PLAIN_ESCAPES = set(".\\+*?()[]{}|^$/-tn \"'#&~=:,;!@%<>_`")
_LONGEST = 500


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
    position, in_class, after_repeat = 0, False, False
    while position < len(pattern):
        char, following = pattern[position], pattern[position + 1 : position + 2]
        if char == "\\":
            if following not in _PLAIN_ESCAPES or not following:
                return f"`\\{following}` in a pattern means different things to different engines", _escape_remedy(following)
            position += 2
            after_repeat = False
            continue
        if in_class:
            if char == "[":
                return "`[` inside a class of characters means different things to different engines", "write `\\[`"
            if char == "&" and following == "&":
                return "`&&` inside a class means different things to different engines", "write `&` once"
            in_class = char != "]"
        elif char == "[":
            in_class = True
            if following == "^":
                position += 1
            if pattern[position + 1 : position + 2] == "]":
                return "`]` right after `[` means different things to different engines", "write `\\]`"
        elif char in "^$":
            return f"`{char}` is not needed: a pattern matches the whole text", f"remove `{char}`, or write `\\{char}`"
        elif char == "(" and following == "?" and pattern[position + 2 : position + 3] != ":":
            return "lookaround, flags and named groups are not part of the patterns", "use `(…)` or `(?:…)`"
        elif char in "*+?" and after_repeat:
            return f"a repeat followed by `{char}` means different things to different engines", "repeat once"
        after_repeat = not in_class and char in "*+?}"
        position += 1
    return None


def _escape_remedy(escaped: str) -> str:
    classes = {"d": "[0-9]", "w": "[A-Za-z0-9_]", "s": "[ \\t\\n]", "D": "[^0-9]", "W": "[^A-Za-z0-9_]", "S": "[^ \\t\\n]"}
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
