"""Drawings of an audit report: all results as one bar, and verdicts as columns, step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from policy.reports.audit.words import RESULTS, VERDICTS
from policy.reports.html.charts import WIDTH, divide_bar
from policy.reports.html.markup import Html, element, join

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

HEIGHT: Final = 200
# Of what a column may be wide, so that a single one is no wall.
WIDEST: Final = 90


def draw_results(results: Mapping[str, int]) -> Html:
    """Every result as a part of one bar."""
    counts = {word: results.get(word, 0) for word in RESULTS if results.get(word, 0)}
    said = ", ".join(f"{count:,} {RESULTS[word].lower()}" for word, count in counts.items()) or "none"
    parts = [
        element("rect", x=str(start), y="0", width=str(width), height="20", class_=word)
        for word, start, width in divide_bar(counts)
    ]
    empty = [] if parts else [element("rect", x="0", y="0", width=str(WIDTH), height="20", class_="none")]
    return element(
        "svg",
        element("title", "Results by kind", id="results-title"),
        element("desc", f"Of {sum(counts.values()):,} results: {said}.", id="results-about"),
        *parts,
        *empty,
        class_="bar",
        viewBox=f"0 0 {WIDTH} 20",
        preserveAspectRatio="none",
        role="img",
        aria_labelledby="results-title results-about",
    )


def draw_verdicts(steps: Sequence[tuple[str, Mapping[str, int]]], step: str) -> Html:
    """A column for each step, its verdicts one upon the other; the table below says the same."""
    highest = max((sum(counts.values()) for _, counts in steps), default=0)
    if not highest:
        return Html("")
    first, last = steps[0][0], steps[-1][0]
    about = f"From {first} to {last}, each column a {step}; the highest has {highest:,} decisions."
    parts = [
        part for place, (_, counts) in enumerate(steps) for part in _draw_column(place, len(steps), counts, highest)
    ]
    lines = [
        element("rect", x="0", y=str(y), width=str(WIDTH), height="1", class_="line")
        for y in (0, HEIGHT // 2, HEIGHT - 1)
    ]
    drawn = element(
        "svg",
        element("title", f"Verdicts by {step}", id="verdicts-title"),
        element("desc", about, id="verdicts-about"),
        *lines,
        *parts,
        class_="columns",
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        preserveAspectRatio="none",
        role="img",
        aria_labelledby="verdicts-title verdicts-about",
    )
    scale = element("p", f"{highest:,} decisions", class_="scale")
    axis = element("p", element("span", first), element("span", last) if last != first else "", class_="axis")
    return element("div", scale, drawn, axis, _write_key(), class_="chart")


def _draw_column(place: int, columns: int, counts: Mapping[str, int], highest: int) -> Iterator[Html]:
    room = WIDTH / columns
    width = min(room * 0.8, WIDEST)
    left, below = room * place + (room - width) / 2, 0
    for word in reversed(VERDICTS):
        # From the sum so far, so that what is rounded never adds up.
        start, below = below, below + counts.get(word, 0)
        bottom, top = (round(HEIGHT * value / highest) for value in (start, below))
        if below > start:
            height = max(2, top - bottom)
            yield element(
                "rect",
                x=f"{left:.1f}",
                y=str(HEIGHT - bottom - height),
                width=f"{width:.1f}",
                height=str(height),
                class_=word,
            )


def _write_key() -> Html:
    items = [element("li", element("span", "", class_=f"swatch {word}"), shown) for word, shown in VERDICTS.items()]
    return element("ul", join(items), class_="key")
