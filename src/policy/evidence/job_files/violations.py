"""What a row or a file can do against a provider's rules, and where in the row it does it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from policy.evidence.job_files.key_names import show_key
from policy.source.display import quote_name
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

Path: TypeAlias = "tuple[str | int, ...]"
"""Keys and indices from a row to something in it; empty for the row itself."""

RENAME = "write one that the provider knows, or remove it"


class Violation(NamedTuple):
    """One rule that is broken at `path`; a `warning` does not make the file invalid.

    Neither message nor remedy holds a value of the row, for it may be personal: only keys and positions. `offset`
    is the character in the line where no path leads to it. `guess` is what was written instead of one of several
    words; the nearest of them is the better remedy, and takes time to find.
    """

    rule: str
    message: str
    remedy: str
    path: Path = ()
    level: str = "error"
    offset: int | None = None
    guess: tuple[object, tuple[str, ...]] | None = None

    def find_remedy(self) -> str:
        """The remedy, with the word that was meant where one is near."""
        written, known = self.guess or (None, ())
        if not isinstance(written, str):
            return self.remedy
        from policy.source.suggestion import nearest

        close = nearest(written, known)
        return f"write `{close}`" if close else self.remedy


def show_path(path: Path) -> str:
    """The path as a program would write it, in backticks: `messages[2].role`; empty for the row itself."""
    shown = "".join(f"[{step}]" if isinstance(step, int) else f".{show_key(step)}" for step in path)
    return quote_name(shown.removeprefix(".")) if path else ""


def name_place(path: Path) -> str:
    """What a sentence about the path starts with."""
    return show_path(path) or "the row"


def find_unknown(holder: dict[str, Any], known: tuple[str, ...], path: Path, rule: str) -> Iterator[Violation]:
    """A violation for every key that is not known."""
    for key in holder:
        if key not in known:
            message = (
                f"{name_place(path)} has the key {quote_name(show_key(key))}, which is not one of {', '.join(known)}"
            )
            yield Violation(rule, message, RENAME, (*path, key), guess=(key, known))


def require_text(holder: dict[str, Any], key: str, path: Path, rule: str) -> Iterator[Violation]:
    """A violation where the key is missing or its value is no text, or an empty one."""
    if key not in holder:
        yield Violation(rule, f"{name_place(path)} has no `{key}`", f"write its `{key}`", path)
    elif type(holder[key]) is not str or not holder[key]:
        place = (*path, key)
        yield Violation(rule, f"{name_place(place)} is not a text, or is empty", f"write the `{key}` as text", place)
