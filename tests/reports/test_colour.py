"""Colours go to people at terminals, and to nobody else."""

from __future__ import annotations

import pytest

from policy.reports.colour import STYLES, paint, wants_colour


@pytest.mark.parametrize(
    ("environment", "terminal", "wanted"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),  # no-color.org: when present and not an empty string
        ({"TERM": "dumb"}, True, False),
        ({"TERM": "xterm-256color"}, True, True),
    ],
)
def test_colour_is_wanted_on_a_terminal_only(environment, terminal, wanted):
    assert wants_colour(environment, terminal=terminal) is wanted


@pytest.mark.parametrize("style", STYLES)
def test_a_style_ends_where_the_text_ends(style):
    assert paint("text", style, colour=True) == f"{STYLES[style]}text\x1b[0m"
    assert paint("text", style, colour=False) == "text"
    assert paint("", style, colour=True) == ""
