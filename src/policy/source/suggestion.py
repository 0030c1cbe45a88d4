"""The known name that somebody most likely meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_LIKE_ENOUGH = 0.66
_ALIKE = 0.8
_FAR = 0.33
# Likeness takes quadratic time, and nobody misspells a name of this length.
_LONGEST_NAME = 100


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that `name` is but for spelling, case, `_` and `-` or a missing path, or None."""
    if not 0 < len(name) <= _LONGEST_NAME:
        return None
    wanted = _normalise(name)
    names = {candidate: _normalise(candidate) for candidate in sorted(known)}
    same = [candidate for candidate, form in names.items() if form == wanted]
    ending = [candidate for candidate, form in names.items() if _get_last_part(form) == wanted]
    if found := same or ending:
        # Several paths that end in the word are no better than a guess.
        return found[0] if same or len(found) == 1 else None
    return _find_by_likeness(wanted, names) or _find_by_last_part(wanted, names)


def _normalise(name: str) -> str:
    return name.strip().casefold().replace("-", "_")


def _get_last_part(path: str) -> str:
    return path.rpartition(".")[2]


def _find_by_likeness(wanted: str, names: dict[str, str]) -> str | None:
    scores = {name: _score_path(wanted, form) for name, form in names.items()}
    best = max(scores, key=scores.__getitem__, default=None)
    return best if best is not None and scores[best] >= _LIKE_ENOUGH else None


def _find_by_last_part(wanted: str, names: dict[str, str]) -> str | None:
    """The only path whose last part is like the last part of the wanted one."""
    last = _get_last_part(wanted)
    found = [name for name, form in names.items() if _score(last, _get_last_part(form)) >= _ALIKE]
    return found[0] if len(found) == 1 else None


def _score_path(wanted: str, form: str) -> float:
    """How alike two paths are; a part that is nothing like its counterpart outweighs the others."""
    parts, others = wanted.split("."), form.split(".")
    if len(parts) != len(others):
        return _score(wanted, form)
    scores = [_score(part, other) for part, other in zip(parts, others, strict=True)]
    return sum(scores) / len(scores) if min(scores) >= _FAR else 0.0


def _score(one: str, other: str) -> float:
    from difflib import SequenceMatcher

    matcher = SequenceMatcher(None, one, other, autojunk=False)
    # Most names are nothing alike, which these upper bounds show at a fraction of the cost.
    if matcher.real_quick_ratio() < _FAR or matcher.quick_ratio() < _FAR:
        return 0.0
    return matcher.ratio()
