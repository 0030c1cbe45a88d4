"""Problems that a run ends with before there is a report that could tell them: read from standard error."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.reports.layout import count_noun
from policy.reports.markdown import write_fence

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ERROR, HELP = "error: ", "  help: "
# As many of a kind as GitHub shows of a step.
SHOWN = 10
# What leaves a comment room for the rest.
MOST_LINES, LONGEST = 200, 250


def list_complaints(said: str) -> list[tuple[str, ...]]:
    """Each error and what to do about it."""
    found: list[list[str]] = []
    for line in said.splitlines():
        if line.startswith(ERROR):
            found.append([line.removeprefix(ERROR)])
        elif line.startswith(HELP) and found:
            found[-1].append(line.strip())
    return [tuple(lines) for lines in found]


def choose_shown(complaints: Sequence[tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    """As many as are shown; the last one says how many more there are."""
    more = len(complaints) - SHOWN
    yield from complaints[: SHOWN - 1]
    for last in complaints[SHOWN - 1 : SHOWN]:
        yield (*last, f"and {count_noun(more, 'more error')}, see the log") if more > 0 else last


def write_complaints(said: str) -> str:
    """Markdown that quotes what was said, and says where there is more of it."""
    lines = said.rstrip().splitlines()
    shown = [line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…" for line in lines[:MOST_LINES]]
    if len(lines) > MOST_LINES:
        shown.append(f"… and {count_noun(len(lines) - MOST_LINES, 'more line')} in the log")
    return "\n".join(("## Policies: no verdict", "", *write_fence("text", shown), ""))
