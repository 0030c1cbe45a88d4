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


@hookimpl
def reporters() -> dict[str, Callable[[], Reporter]]:
    """Each format is imported when it is asked for."""
    return {"text": _make_text, "short": _make_short, "json": _make_json}
