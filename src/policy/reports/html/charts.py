"""Drawings in the page itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from policy.reports.html.markup import Html, element, join
from policy.reports.html.words import VERDICTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.model.summary import Summary

WIDTH: Final = 1000
GAP: Final = 4
# What is there is seen, however few among how many.
LEAST: Final = 6


def draw_verdicts(summary: Summary) -> Html:
    """All projects as one bar, a part for each verdict."""
    counts = {word: summary.verdicts[word] for word in VERDICTS if summary.verdicts[word]}
    said = ", ".join(f"{count:,} {VERDICTS[word].lower()}" for word, count in counts.items()) or "none"
    title = element("title", "Projects by verdict", id="chart-title")
    about = element("desc", f"Of {summary.subjects:,} judged: {said}.", id="chart-about")
    parts = [
        element("rect", x=str(start), y="0", width=str(width), height="20", class_=word)
        for word, start, width in divide_bar(counts)
    ]
    empty = [] if parts else [element("rect", x="0", y="0", width=str(WIDTH), height="20", class_="none")]
    return element(
        "svg",
        title,
        about,
        *parts,
        *empty,
        class_="bar",
        viewBox=f"0 0 {WIDTH} 20",
        preserveAspectRatio="none",
        role="img",
        aria_labelledby="chart-title chart-about",
    )


def divide_bar(counts: dict[str, int]) -> Iterator[tuple[str, int, int]]:
    """Each word with where its part starts and how wide it is, gaps between them."""
    free = WIDTH - GAP * (len(counts) - 1) - LEAST * len(counts)
    total, seen, start = sum(counts.values()), 0, 0
    for word, count in counts.items():
        # From the sum so far, so that what is rounded never adds up.
        width = LEAST + free * (seen + count) // total - free * seen // total
        yield word, start, width
        seen += count
        start += width + GAP


def draw_share(count: int, total: int, word: str) -> Html:
    """A part of a whole as a bar; the number stands beside it."""
    width = max(1, round(100 * count / total)) if count else 0
    bars = [element("rect", x="0", y="0", width="100", height="8", class_="ground")]
    if width:
        bars.append(element("rect", x="0", y="0", width=str(width), height="8", class_=word))
    return element(
        "svg", join(bars), class_="share", viewBox="0 0 100 8", preserveAspectRatio="none", aria_hidden="true"
    )
