"""What a forge makes of Markdown that is posted on it."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import cmarkgfm
from cmarkgfm.cmark import Options

# What sends messages, or leaves a trace elsewhere, in what is shown outside of code.
CALL = re.compile(r"@[\w-]|[#!]\d|\bGH-\d|://|\bwww\.", re.IGNORECASE)


class Page(HTMLParser):
    """The elements of a page: `tags` as they open, the texts inside and outside of code, and cells by row."""

    def __init__(self, markdown: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.code: list[str] = []
        self.text = ""
        self.rows: list[int] = []
        self.comments: list[str] = []
        self._in_code = False
        # Without its own protection: what a text has in it must not come so far.
        self.feed(cmarkgfm.github_flavored_markdown_to_html(markdown, options=Options.CMARK_OPT_UNSAFE))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag == "tr":
            self.rows.append(0)
        elif tag in ("td", "th"):
            self.rows[-1] += 1
        elif tag == "code":
            self._in_code = True
            self.code.append("")

    def handle_endtag(self, tag: str) -> None:
        self._in_code = self._in_code and tag != "code"

    def handle_data(self, data: str) -> None:
        if self._in_code:
            self.code[-1] += data
        else:
            self.text += data

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    @property
    def calls(self) -> list[str]:
        """Whatever would call somebody or refer to something."""
        return CALL.findall(self.text)
