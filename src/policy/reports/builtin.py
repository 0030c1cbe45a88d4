"""The report formats that ship with the package."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.plugins.hookspecs import hookimpl

if TYPE_CHECKING:
    from collections.abc import Callable

    from policy.reports.reporter import Reporter


def _make_text() -> Reporter:
    from policy.reports.text import TextReporter

    return TextReporter()


def _make_short() -> Reporter:
    from policy.reports.short import ShortReporter

    return ShortReporter()


def _make_json() -> Reporter:
    from policy.reports.json_report import JsonReporter

    return JsonReporter()


def _make_html() -> Reporter:
    from policy.reports.html.reporter import HtmlReporter

    return HtmlReporter()


def _make_junit() -> Reporter:
    from policy.reports.junit_report import JunitReporter

    return JunitReporter()


def _make_github() -> Reporter:
    from policy.reports.github_report import GithubReporter

    return GithubReporter()


def _make_markdown() -> Reporter:
    from policy.reports.markdown_report import MarkdownReporter

    return MarkdownReporter()


def _make_csv() -> Reporter:
    from policy.reports.csv_report import CsvReporter

    return CsvReporter()


def _make_sarif() -> Reporter:
    from policy.reports.sarif_report import SarifReporter

    return SarifReporter()


def _make_gitlab() -> Reporter:
    from policy.reports.gitlab_report import GitlabReporter

    return GitlabReporter()


@hookimpl
def reporters() -> dict[str, Callable[[], Reporter]]:
    """Each format is imported when it is asked for."""
    return {
        "text": _make_text,
        "short": _make_short,
        "json": _make_json,
        "sarif": _make_sarif,
        "gitlab": _make_gitlab,
        "html": _make_html,
        "junit": _make_junit,
        "github": _make_github,
        "markdown": _make_markdown,
        "csv": _make_csv,
    }
