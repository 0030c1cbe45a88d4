"""The words of judging as the page says them, in the order in which it shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from policy.reports.html.markup import Html, code, element

if TYPE_CHECKING:
    from policy.errors import Location

VERDICTS: Final = {"block": "Blocked", "hold": "Held", "flag": "Flagged", "allow": "Allowed"}
VERDICTS_ABOUT: Final = {
    "block": "may not go ahead",
    "hold": "wait for an approval",
    "flag": "go ahead, with a remark",
    "allow": "go ahead",
}
OUTCOMES: Final = {
    "fail": "Fail",
    "waived": "Waived",
    "error": "Errored",
    "unknown": "Unknown",
    "pass": "Pass",
    "not-applicable": "Not applicable",
}
OUTCOMES_ABOUT: Final = {
    "fail": "what is required is not met",
    "waived": "would fail, or be unknown, without its waiver",
    "error": "judging broke",
    "unknown": "a fact that decides is missing",
    "pass": "what is required is met",
    "not-applicable": "not meant for such a project",
}
LEVELS: Final = {
    "block": "Blocks",
    "hold": "Holds",
    "flag": "Flags",
    "advise": "Advises",
    "would block": "Would block",
    "would hold": "Would hold",
    "would flag": "Would flag",
    "would advise": "Would advise",
    "waived": "Waived",
    "approved": "Approved",
    "known block": "Known, blocks",
    "known hold": "Known, holds",
    "known flag": "Known, flags",
    "known advise": "Known, advises",
    "known would block": "Known, would block",
    "known would hold": "Known, would hold",
    "known would flag": "Known, would flag",
    "known would advise": "Known, would advise",
}


def badge(word: str, shown: str) -> Html:
    """A word in its colour."""
    return element("span", shown, class_=f"badge {word.replace(' ', '-')}")


def write_place(place: Location | None) -> Html:
    """`file:line:column`, or the file alone where a whole one is meant."""
    if place is None:
        return Html("")
    return code(f"{place.file}:{place.line}:{place.column}" if place.end_line else place.file)


def say_time(time: str) -> str:
    """`2026-11-20 08:30:00 UTC`."""
    return f"{time.removesuffix('Z').replace('T', ' ')} UTC"
