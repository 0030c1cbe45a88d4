"""A row drawn as its keys and brackets, without a single value, with the place of a violation underlined."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.evidence.job_files.key_names import HIDDEN, show_key
from policy.source.display import measure_width, show_text

if TYPE_CHECKING:
    from policy.evidence.job_files.violations import Path

_MOST_KEYS = 8


def draw_outline(row: Any, path: Path) -> tuple[str, str]:
    """The way to what the path ends in, and below it a row of carets: `{"messages": […, {"weight": …}]}`.

    At its end stand the keys of the object, for it may be one of these that is missing. Values, which may be
    personal, are never shown.
    """
    before, value, after = "", row, ""
    for step in path[:-1]:
        opening, closing = _enclose(value, step)
        before, after = before + opening, closing + after
        value = value[step]
    if not path:
        shown = _draw(value)
        return shown, "^" * min(1, len(shown))
    opening, closing = _enclose(value, path[-1])
    lead, marked, rest = _mark(value, path[-1], opening)
    before += lead
    return before + marked + rest + closing + after, " " * measure_width(before) + "^" * max(1, measure_width(marked))


def _mark(holder: Any, step: str | int, opening: str) -> tuple[str, str, str]:
    """What stands before the underlined part, that part, and what follows it: a key, or an element's start."""
    if isinstance(step, str):
        key = _draw_key(step)
        return opening.removesuffix(f"{key}: "), key, f": {HIDDEN}"
    shown = _draw(holder[step])
    return opening, shown[:1], shown[1:]


def _enclose(holder: Any, step: str | int) -> tuple[str, str]:
    """What stands before and after one of the values that an object or a list holds."""
    if isinstance(step, int):
        return f"[{f'{HIDDEN}, ' * (step > 0)}", f"{f', {HIDDEN}' * (step + 1 < len(holder))}]"
    keys = list(holder)
    first = f"{HIDDEN}, " * (keys[0] != step)
    return f"{{{first}{_draw_key(step)}: ", f"{f', {HIDDEN}' * (keys[-1] != step)}}}"


def _draw(value: Any) -> str:
    if isinstance(value, dict):
        keys = [f"{_draw_key(key)}: {HIDDEN}" for key in list(value)[:_MOST_KEYS]]
        return "{" + ", ".join(keys + [HIDDEN] * (len(value) > _MOST_KEYS)) + "}"
    return f"[{HIDDEN * bool(value)}]" if isinstance(value, list) else HIDDEN


def _draw_key(key: str) -> str:
    return f'"{show_text(show_key(key))}"'
