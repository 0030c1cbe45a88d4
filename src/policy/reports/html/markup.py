"""HTML that is safe by its type: a text is escaped wherever it becomes part of an element."""

from __future__ import annotations

import re
from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING, Final

from policy.source.display import show_text

if TYPE_CHECKING:
    from collections.abc import Iterable

# Longer texts come from nobody's hand; what is cut is counted, and the JSON report has all of it.
LONGEST: Final = 2000
LONGEST_NAME: Final = 200
# Names, paths and words come back with every project: so many are kept as they are written.
KEPT: Final = 4096
# Stands for what is only known when the page is put together; no text holds it, for it would be made visible.
LATER: Final = "\0"
VOID: Final = frozenset({"br", "input", "meta"})
CODE: Final = re.compile(r"(?<!`)`([^`]+)`(?!`)")
ADDRESS: Final = re.compile(r"https?://[\w.-]+(?::\d+)?(?:/[\w.~:/?#@!&()*+,;=%-]*)?")


class Html(str):
    """Markup that needs no escaping any more; made by the functions of this module only."""

    __slots__ = ()


def element(name: str, /, *content: str, **attributes: str) -> Html:
    """An element; content that is not Html is escaped. `class_` and `aria_label` are `class` and `aria-label`."""
    written = _write_attributes(tuple(attributes.items())) if attributes else ""
    if name in VOID:
        return Html(f"<{name}{written}>")
    inner = "".join([part if type(part) is Html else write(part) for part in content])
    return Html(f"<{name}{written}>{inner}</{name}>")


@lru_cache(maxsize=KEPT)
def _write_attributes(attributes: tuple[tuple[str, str], ...]) -> str:
    return "".join(f' {key.rstrip("_").replace("_", "-")}="{_escape(value)}"' for key, value in attributes if value)


def join(parts: Iterable[str], between: str = "") -> Html:
    """Several parts as one."""
    written = [part if type(part) is Html else write(part) for part in parts]
    return Html((write(between) if between else "").join(written))


def write(text: str) -> Html:
    """A text as markup: nothing invisible in it, and where it is cut it says so."""
    if type(text) is Html:
        return text
    if len(text) <= LONGEST_NAME:
        return _write_short(text)
    if len(text) <= LONGEST:
        return Html(_escape(text))
    return Html(f'{_escape(text[:LONGEST])}<span class="cut">… {len(text) - LONGEST:,} more characters</span>')


@lru_cache(maxsize=KEPT)
def _write_short(text: str) -> Html:
    return Html(_escape(text))


def write_prose(text: str) -> Html:
    """A sentence in which backticks mark code and line ends mean nothing."""
    plain = " ".join(text.split())
    if "`" not in plain:
        return write(plain)
    parts = CODE.split(plain)
    return Html("".join(code(part) if number % 2 else write(part) for number, part in enumerate(parts)))


def code(text: str) -> Html:
    """A name or value out of a file. It is set apart, so that a script read from the right moves nothing around it."""
    return _write_code(text) if len(text) <= LONGEST_NAME else Html(f"<code>{write(text)}</code>")


@lru_cache(maxsize=KEPT)
def _write_code(text: str) -> Html:
    return Html(f"<code>{write(text)}</code>")


def name(text: str) -> Html:
    """A name that somebody gave, set apart likewise, and not longer than a name is."""
    shown = text if len(text) <= LONGEST_NAME else f"{text[:LONGEST_NAME]}… ({len(text):,} characters)"
    return element("bdi", shown)


def link(text: str, address: str) -> Html:
    """A link where the address is one of the web, else the text alone: nothing else is ever followed."""
    if not ADDRESS.fullmatch(address):
        return write(text)
    return element("a", text, href=address, rel="noreferrer noopener")


def table(caption: str, head: Iterable[str], rows: Iterable[Iterable[str]], *, class_: str = "") -> Html:
    """A table whose first cell heads its row; an empty cell says nothing."""
    names = tuple(head)
    body = join([_write_row(names, row) for row in rows])
    return Html(f"{_write_top(caption, names, class_)}<tbody>{body}</tbody></table>")


@lru_cache(maxsize=64)
def _write_top(caption: str, names: tuple[str, ...], class_: str) -> str:
    top = element("tr", *(element("th", title, scope="col") for title in names))
    return f'<table class="{f"data {class_}".strip()}">{element("caption", caption)}{element("thead", top)}'


def _write_row(names: tuple[str, ...], row: Iterable[str]) -> Html:
    first, *others = row
    # On a narrow screen the cells stand below each other, each after its column's title.
    openings = _write_openings(names)
    cells = "".join([f"{opening}{write(cell)}</td>" for opening, cell in zip(openings, others, strict=True)])
    return Html(f'<tr><th scope="row">{write(first)}</th>{cells}</tr>')


@lru_cache(maxsize=64)
def _write_openings(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f'<td data-title="{write(title)}">' for title in names[1:])


def items(parts: Iterable[str], **attributes: str) -> Html:
    """A list."""
    return element("ul", *(element("li", part) for part in parts), **attributes)


def terms(pairs: Iterable[tuple[str, str]], **attributes: str) -> Html:
    """Names and what they stand for; a pair that says nothing is left out."""
    rows = [f"<div><dt>{write(term)}</dt><dd>{write(said)}</dd></div>" for term, said in pairs if said]
    return element("dl", Html("".join(rows)), **attributes)


def _escape(text: str) -> str:
    return escape(show_text(text))
