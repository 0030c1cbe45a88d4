"""Problems with the input, on standard error: where, what is wrong, what to do."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from policy.gates.cli.streams import say_aside

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from policy.errors import Location, PolicyError, Problem

LONGEST_QUOTED = 1 << 20


def print_problems(problems: Iterable[Problem], show_path: Callable[[str], str] | None = None) -> None:
    """Print each problem once; a file is quoted where it can be read."""
    for problem in dict.fromkeys(hide_passwords(problems)):
        say_aside(format_problem(problem, show_path or (lambda file: file)))


def hide_passwords(problems: Iterable[Problem]) -> list[Problem]:
    """The problems without the passwords of addresses: terminals are recorded, and reports are read by many."""
    return [_hide_passwords(problem) if _names_somebody(problem) else problem for problem in problems]


def _names_somebody(problem: Problem) -> bool:
    where = problem.location
    return any("@" in text or "=" in text for text in (problem.message, problem.remedy, where.file if where else ""))


def _hide_passwords(problem: Problem) -> Problem:
    from policy.source.masking import mask_passwords

    where = problem.location
    return problem._replace(
        message=mask_passwords(problem.message),
        remedy=mask_passwords(problem.remedy),
        location=where._replace(file=mask_passwords(where.file)) if where else None,
    )


def relocate(error: PolicyError, root: str) -> PolicyError:
    """The error with files named as from the working folder; they are relative to `root`, where they are there."""

    def move(place: Location) -> Location:
        path = os.path.join(root, place.file)
        return place._replace(file=os.path.relpath(path)) if os.path.lexists(path) else place

    return type(error)(
        *(
            problem._replace(
                location=problem.location and move(problem.location),
                related=tuple((label, move(place)) for label, place in problem.related),
            )
            for problem in error.problems
        )
    )


def format_problem(problem: Problem, show_path: Callable[[str], str]) -> str:
    """`error: file:line:column: what is wrong`, the line with a caret, related places, and the remedy."""
    from policy.source.display import show_text

    where = problem.location
    place = f"{show_path(where.file)}:{where.line}:{where.column}: " if where else ""
    lines = [f"{problem.level}: {show_text(place + problem.message)}"]
    if where and where.end_line:
        lines += _quote(show_path(where.file), problem)
    for label, other in problem.related:
        lines.append(f"  note: {show_text(f'{label}: {show_path(other.file)}:{other.line}:{other.column}')}")
    if problem.remedy:
        lines.append(f"  help: {show_text(problem.remedy)}")
    return "\n".join(lines)


def _quote(path: str, problem: Problem) -> list[str]:
    from policy.source.excerpt import quote

    if problem.location is None or not os.path.isfile(path) or os.path.getsize(path) > LONGEST_QUOTED:
        return []
    try:
        with open(path, "rb") as stream:
            text = stream.read().decode("utf-8-sig", errors="replace")
    except OSError:
        return []
    return [quote(text, problem.location)]
