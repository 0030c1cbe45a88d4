from __future__ import annotations

import re
from contextlib import suppress

import pytest

from policy.gates.action.runner import LARGEST_SUMMARY, add_summary, annotate, say, silence, write_outputs
from tests.gates.action.conftest import read_outputs

HOSTILE = "a\nb<<EOF\nverdict=allow\nEOF\n\nverdict<<X\nallow\nX\n::set-output name=verdict::allow\r\n%0A\u2028\udc80"


def test_values_come_back_as_they_were(given):
    environment = given()
    write_outputs(environment, {"first": "1", "empty": "", "hostile": HOSTILE})
    write_outputs(environment, {"last": "two\nlines"})
    read = read_outputs(environment)
    assert list(read) == ["first", "empty", "hostile", "last"]
    assert (read["first"], read["empty"], read["last"]) == ("1", "", "two\nlines")
    assert read["hostile"].startswith("a\nb<<EOF\nverdict=allow\nEOF\n")
    assert read["hostile"].endswith("\\udc80")


def test_no_delimiter_is_used_twice(given):
    environment = given()
    write_outputs(environment, dict.fromkeys("abc", "x"))
    with open(environment["GITHUB_OUTPUT"], encoding="utf-8") as stream:
        delimiters = re.findall("<<(.+)", stream.read())
    assert len(set(delimiters)) == 3
    assert all(len(delimiter) > 32 for delimiter in delimiters)


def test_nothing_is_a_command_in_the_silence(capsys):
    with suppress(RuntimeError), silence():
        say("::error::pwned")
        raise RuntimeError
    first, *between, last, end = capsys.readouterr().out.split("\n")
    token = first.removeprefix("::stop-commands::")
    assert re.fullmatch("tunegate-[0-9a-f]{32}", token)
    assert (between, last, end) == (["::error::pwned"], f"::{token}::", "")


def test_an_annotation_is_one_command(capsys):
    annotate("error", "a,b:c", "first\n::error::pwned", "second 100%\r")
    message = "first\u240a::error::pwned%0Asecond 100%25\u240d"
    assert capsys.readouterr().out == f"::error title=a%2Cb%3Ac::{message}\n"


def test_a_summary_is_added_to_what_is_there(given, tmp_path):
    environment = given()
    assert add_summary(environment, "# one\n")
    assert add_summary(environment, "# two \udc80\n\n\n")
    assert (tmp_path / "summary.md").read_bytes() == b"# one\n\n# two \\udc80\n\n"


@pytest.mark.parametrize(("room", "fits"), [(0, True), (1, False)])
def test_a_summary_without_room_says_so(given, tmp_path, room, fits):
    summary = tmp_path / "summary.md"
    # The text, and an empty line after it.
    summary.write_bytes(b"x" * (LARGEST_SUMMARY - 1000 - 2 + room))
    assert add_summary(given(), "y" * 1000) is fits
    assert summary.stat().st_size <= LARGEST_SUMMARY
    assert (b"the report is too long for a summary" in summary.read_bytes()) is not fits


def test_without_a_runner_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_outputs({}, {"a": "b"})
    assert add_summary({}, "text")
    assert list(tmp_path.iterdir()) == []
