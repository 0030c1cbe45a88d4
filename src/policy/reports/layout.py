"""Lines of text that fit a terminal."""

from __future__ import annotations

from policy.source.display import measure_width, show_text

WIDTH = 100
# Longer texts come from nobody's hand: a manifest may hold a value of a megabyte.
LONGEST = 1200


def clean(text: str, limit: int = LONGEST) -> str:
    """A text of any origin on one line, nothing in it that steers a terminal, cut where it is endless."""
    return show_text(text if len(text) <= limit else f"{text[: limit - 1]}…")


def wrap(text: str, first: str = "", rest: str | None = None, width: int = WIDTH) -> list[str]:
    """The text's words on lines of at most `width` columns, which start with `first`, later ones with `rest`.

    A word that is wider than a line stands alone, whole: a path is copied, never read in two halves.
    """
    words = text.split()
    whole, used = " ".join(words), measure_width(first)
    # Most texts are short, and are not looked through word by word.
    if used + len(whole) <= width and whole.isascii():
        return [(first + whole).rstrip()]
    lines: list[str] = []
    line, empty = first, True
    indent = " " * measure_width(first) if rest is None else rest
    measure = len if whole.isascii() else measure_width
    for word in words:
        wide = measure(word)
        # At the start of a line, `::` makes a command for the runner of GitHub Actions, which reads what is printed.
        if not empty and used + 1 + wide > width and not word.startswith("::"):
            lines.append(line)
            line, used, empty = indent, measure_width(indent), True
        line += word if empty else f" {word}"
        used += wide if empty else wide + 1
        empty = False
    return [*lines, line.rstrip()]


def join_names(names: list[str], shown: int) -> str:
    """`a, b and 3 more`."""
    if len(names) > shown + 1:
        return f"{', '.join(names[:shown])} and {len(names) - shown} more"
    return " and ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)


def count_noun(count: int, word: str, plural: str = "") -> str:
    """`1 policy`, `2 policies`, `1,000 projects`."""
    several = plural or (f"{word[:-1]}ies" if word.endswith("y") else f"{word}s")
    return f"{count:,} {word if count == 1 else several}"
