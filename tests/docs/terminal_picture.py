"""Terminal output with colours → an SVG picture of it."""

from __future__ import annotations

import re
from html import escape

COLUMN, LINE, MARGIN = 7.8, 18, 16
COLOURS = {"31": "#e5534b", "32": "#57ab5a", "33": "#d4a72c", "34": "#539bf5"}
STYLE = re.compile(r"\x1b\[([0-9;]*)m")


def draw_terminal(text: str, title: str) -> str:
    """The picture; `text` holds ANSI styles (bold, dim and four colours), `title` is its description."""
    lines = text.splitlines()
    width = round(max(len(STYLE.sub("", line)) for line in lines) * COLUMN) + 2 * MARGIN
    height = len(lines) * LINE + 2 * MARGIN
    rows = "\n".join(
        f'<text x="{MARGIN}" y="{MARGIN + (number + 1) * LINE - 5}">{draw_line(line)}</text>'
        for number, line in enumerate(lines)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="{escape(title)}" font-family="ui-monospace, Menlo, Consolas, monospace" font-size="13" '
        f'fill="#adbac7" xml:space="preserve">\n<title>{escape(title)}</title>\n'
        f'<rect width="{width}" height="{height}" rx="8" fill="#22272e"/>\n{rows}\n</svg>\n'
    )


def draw_line(line: str) -> str:
    """One line as styled spans."""
    spans, style, position = [], "", 0
    for match in STYLE.finditer(line):
        spans.append((line[position : match.start()], style))
        style, position = match[1], match.end()
    spans.append((line[position:], style))
    return "".join(draw_span(text, style) for text, style in spans if text)


def draw_span(text: str, style: str) -> str:
    """One run of characters."""
    codes = style.split(";")
    attributes = [f'fill="{COLOURS[code]}"' for code in codes if code in COLOURS]
    attributes += ['font-weight="bold"'] * ("1" in codes) + ['opacity="0.65"'] * ("2" in codes)
    shown = escape(text)
    return f"<tspan {' '.join(attributes)}>{shown}</tspan>" if attributes else shown
