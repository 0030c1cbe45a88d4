"""Text of any origin as Markdown that shows it and does nothing else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from policy.source.display import show_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# As entities, which every renderer knows: a backslash before these is not understood everywhere.
ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
BAR = "\\|"
# An underscore inside a word emphasises nothing.
SPECIAL = re.compile(r"[\\`*\[\]~$&<>]|(?<!\S)#|(?<![^\W_])_|_(?![^\W_])")
CODE = re.compile(r"(?<!`)`([^`]+)`(?!`)")
STARTS_A_BLOCK = re.compile(r"\d+[.)](?=\s)|[+=-]")
ADDRESS = re.compile(r"(https?://[\w.~:/?#@!&'()*+,;=%-]*[\w/])")
# Where a text is posted, these send somebody a message or leave a trace elsewhere. A space without width parts them
# from what follows: forges look at what is shown, where no backslash is left.
CALLS = re.compile(r"@|[#!](?=\d)|\bGH-(?=\d)|:(?=//)|\bwww(?=\.)", re.IGNORECASE)
PARTING = "&#8203;"


def escape(text: str, *, quiet: bool = False) -> str:
    """A text on one line, in which no character is markup; addresses of the web are links.

    A `quiet` one can be posted: nobody is called, and neither addresses nor numbers of issues are links.
    """
    plain = re.sub(r"\s+", " ", text)
    if quiet:
        shown = CALLS.sub(lambda found: found[0] + PARTING, escape_inline(plain))
    else:
        texts = ADDRESS.split(plain)
        shown = "".join(f"<{part}>" if number % 2 else escape_inline(part) for number, part in enumerate(texts))
    # `-` and `1.` start a list, `=` makes a heading of the line above: only where nothing stands before them.
    start = STARTS_A_BLOCK.match(shown)
    return f"{shown[: start.end() - 1]}\\{shown[start.end() - 1 :]}" if start else shown


def escape_inline(text: str) -> str:
    """A text that something stands before, in which no character is markup."""
    return SPECIAL.sub(lambda found: ENTITIES.get(found[0], f"\\{found[0]}"), show_text(text))


def write_text(text: str, *, quiet: bool = False) -> str:
    """A text that may name things in backticks; all else in it is shown as it stands, see `escape`."""
    parts = CODE.split(" ".join(text.split()))
    return "".join(write_code(part) if number % 2 else escape(part, quiet=quiet) for number, part in enumerate(parts))


def write_code(text: str) -> str:
    """The text as code, whatever backticks it holds."""
    # Two backticks with nothing between them are no code.
    shown = show_text(" ".join(text.split())) or " "
    if "`" not in shown:
        return f"`{shown}`"
    longest = max(map(len, re.findall("`+", shown)))
    fence = "`" * (longest + 1)
    return f"{fence} {shown} {fence}"


def write_fence(language: str, lines: Iterable[str]) -> list[str]:
    """Lines as a block of code that none of them ends."""
    shown = [show_text(line) for line in lines]
    longest = max((len(run) for line in shown for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}{language}", *shown, fence]


def write_link(text: str, path: str) -> str:
    """A link to a file, by a relative path; `text` is Markdown already."""
    from urllib.parse import quote

    return f"[{text}]({quote(path, safe='/#.-_~')})"


def write_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A table whose cells are Markdown already, without the columns that no row fills."""
    kept = [*rows]
    filled = [column for column in range(len(head)) if any(row[column] for row in kept)]
    lines = [head, ["---"] * len(head), *kept]
    return [f"| {' | '.join(line[column].replace('|', BAR) for column in filled)} |" for line in lines]
