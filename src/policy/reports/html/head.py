"""The head of the page: what a browser may do, the title, and the way to the sections."""

from __future__ import annotations

import os
from base64 import b64encode
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from policy.__about__ import __version__
from policy.reports.html.markup import Html, element, join
from policy.reports.pages.entry import GATE_ABOUT

if TYPE_CHECKING:
    from policy.reports.reporter import ReportContext

STYLE: Final = os.path.join(os.path.dirname(__file__), "report.css")
SECTIONS: Final = {
    "overview": "Overview",
    "projects": "Projects",
    "waivers": "Waivers",
    "policies": "Policies",
    "verify": "How to verify",
    "limits": "What it does not prove",
}


@lru_cache(maxsize=1)
def read_style() -> str:
    """The style sheet, as it stands in the page."""
    with open(STYLE, encoding="utf-8") as stream:
        return stream.read()


def write_head(context: ReportContext) -> str:
    """Everything before the first project."""
    title = f"Policy report: what may go ahead at the gate {context.gate}"
    return (
        f"{write_top(title, read_style())}"
        f"{element('a', 'Skip to the projects', class_='skip', href='#projects')}\n"
        f"{_write_banner(context)}\n<main>\n"
    )


def write_top(title: str, style: str) -> str:
    """The head of a page with this style sheet, up to the start of its body: what a browser may do, and the title."""
    allowed = f"'sha256-{b64encode(sha256(style.encode()).digest()).decode()}'"
    guard = f"default-src 'none'; style-src {allowed}; base-uri 'none'; form-action 'none'"
    head = (
        element("meta", charset="utf-8"),
        # Before everything that it governs.
        Html(f'<meta http-equiv="Content-Security-Policy" content="{guard}">'),
        element("meta", name="referrer", content="no-referrer"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="generator", content=f"tunegate {__version__}"),
        element("title", title),
    )
    written = join(head, Html("\n"))
    return f'<!doctype html>\n<html lang="en">\n<head>\n{written}\n<style>{style}</style>\n</head>\n<body>\n'


def _write_banner(context: ReportContext) -> Html:
    links = [element("li", element("a", title, href=f"#{anchor}")) for anchor, title in SECTIONS.items()]
    return element(
        "header",
        element("p", "tunegate", class_="brand"),
        element("h1", "Policy report"),
        element(
            "p",
            "What may go ahead at the gate ",
            element("b", context.gate),
            f", {GATE_ABOUT[context.gate]}",
            class_="lead",
        ),
        element("nav", element("ul", *links), aria_label="Sections of this report"),
    )
