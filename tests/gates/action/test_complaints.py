from __future__ import annotations

from policy.gates.action.complaints import MOST_LINES, SHOWN, choose_shown, list_complaints, write_complaints

SAID = """\
warning: something else
  help: leave it
error: policy.yaml:3:1: there is no key `modus`
     3 | modus: x
       | ^^^^^
  note: the other one: a.yaml:1:1
  help: there are mode, name
error: another
"""


def test_errors_are_told_with_what_to_do():
    assert list_complaints(SAID) == [
        ("policy.yaml:3:1: there is no key `modus`", "help: there are mode, name"),
        ("another",),
    ]
    assert list_complaints("") == []
    assert list_complaints("  help: alone\nTraceback\n") == []


def test_the_last_that_is_shown_says_how_many_more_there_are():
    complaints = [(f"error {number}",) for number in range(SHOWN + 2)]
    shown = list(choose_shown(complaints))
    assert len(shown) == SHOWN
    assert shown[-1] == (f"error {SHOWN - 1}", "and 2 more errors, see the log")
    assert list(choose_shown(complaints[:SHOWN])) == complaints[:SHOWN]
    assert list(choose_shown(complaints[:1])) == complaints[:1]


def test_what_was_said_is_quoted_and_nothing_of_it_acts():
    said = "error: ``` <script>\n```\n# heading @all\n\x1b[31m\n"
    lines = write_complaints(said).splitlines()
    assert lines[0] == "## Policies: no verdict"
    assert (lines[2], lines[-1]) == ("````text", "````")
    assert "\x1b" not in "".join(lines)


def test_a_long_one_says_that_there_is_more():
    text = write_complaints("error: " + "x" * 5000 + "\nline" * (MOST_LINES + 9))
    assert "… and 10 more lines in the log" in text
    assert len(text) < 60_000
    assert "x…\n" in text
