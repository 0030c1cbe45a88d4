"""The line that shows progress: at a terminal, late, seldom, and gone before anything else is said."""

from __future__ import annotations

import io
import os
import re
import sys

import pytest

from policy.gates.cli import progress as module
from policy.gates.cli import streams
from policy.gates.cli.main import main
from policy.gates.cli.progress import Progress, show_progress, wants_progress
from policy.plugins.metering import Watcher, find_meter
from tests.gates.cli.conftest import write_manifest

MB = 1000**2


class Terminal(io.StringIO):
    """Remembers everything that was written, and shows what somebody sees at the end."""

    def isatty(self) -> bool:
        return True

    @property
    def seen(self) -> list[str]:
        return [show_line(line) for line in self.getvalue().split("\n")]


def show_line(written: str) -> str:
    """What is on a line after some text was written over other text."""
    cells: list[str] = []
    for text in written.split("\r"):
        cells[: len(text)] = text
    return "".join(cells).rstrip()


@pytest.fixture
def clock(monkeypatch):
    """The time, which stands still until the test changes it."""
    time = [0.0]
    monkeypatch.setattr(module, "monotonic", lambda: time[0])
    return time


@pytest.fixture
def sit_down(monkeypatch):
    """Make standard error a terminal of the usual kind; called by the test, for pytest has its own until then."""
    for name, value in {"CI": "", "TERM": "xterm"}.items():
        monkeypatch.setenv(name, value)

    def sit() -> Terminal:
        shown = Terminal()
        monkeypatch.setattr(sys, "stderr", shown)
        return shown

    return sit


def find_watcher() -> Watcher:
    watcher = find_meter().watcher
    assert watcher is not None
    return watcher


def test_nothing_is_shown_before_a_second_is_over(clock):
    shown = Terminal()
    progress = Progress(shown, 80)
    clock[0] = 0.99
    progress.tell_reading("/data/a.jsonl", 340 * MB, 1024 * MB)
    progress.tell_judged(5, 10)
    assert shown.getvalue() == ""
    clock[0] = 1.0
    progress.tell_reading("/data/a.jsonl", 340 * MB + 9, 1024 * MB)
    assert shown.seen == ["judging: 5 of 10 projects; reading /data/a.jsonl: 340 of 1,024 MB"]


def test_a_file_is_named_as_from_the_working_folder(clock, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shown = Terminal()
    progress = Progress(shown, 80)
    clock[0] = 1.0
    progress.tell_reading(str(tmp_path / "data" / "train.jsonl"), 0, 10 * MB)
    assert shown.seen == ["reading data/train.jsonl: 0 of 10 MB"]


def test_it_is_drawn_ten_times_a_second_at_most(clock):
    shown = Terminal()
    progress = Progress(shown, 80)
    # Steps that a computer can write down.
    for step in range(3 * 1024):
        clock[0] = step / 1024
        progress.tell_judged(step, 10_000)
    assert 18 <= shown.getvalue().count("\r") <= 20
    assert shown.seen[0].endswith(" of 10,000 projects")


def test_small_files_and_a_single_project_are_not_worth_a_word(clock):
    shown = Terminal()
    progress = Progress(shown, 80)
    clock[0] = 9.0
    progress.tell_reading("a", 1, 10 * MB - 1)
    progress.tell_judged(1, 1)
    assert shown.getvalue() == ""


def test_what_is_shorter_leaves_nothing_of_what_was_longer(clock):
    shown = Terminal()
    progress = Progress(shown, 80)
    for moment, name in enumerate(("/a/long/name.jsonl", "/b")):
        clock[0] = 1.0 + moment
        progress.tell_reading(name, MB, 10 * MB)
    assert shown.seen == ["reading /b: 1 of 10 MB"]
    progress.clear()
    assert shown.seen == [""]
    before = shown.getvalue()
    progress.clear()
    assert shown.getvalue() == before


@pytest.mark.parametrize("name", ["x" * 500, "数据" * 100, "a\x1b[2J\nb" + "c" * 100])
def test_a_line_is_never_broken(clock, name):
    shown = Terminal()
    progress = Progress(shown, 40)
    clock[0] = 1.0
    progress.tell_reading(f"/{name}", 3 * MB, 10 * MB)
    (line,) = shown.seen
    assert line.endswith(": 3 of 10 MB")
    assert sum(1 if character.isascii() else 2 for character in line) < 40
    assert "\x1b" not in line
    progress.clear()
    assert shown.seen == [""]


def test_a_terminal_that_is_gone_is_left_alone(clock):
    shown = Terminal()
    progress = Progress(shown, 80)
    shown.close()
    for moment in (1.0, 2.0):
        clock[0] = moment
        progress.tell_judged(1, 2)
    progress.clear()


@pytest.mark.parametrize(
    ("variables", "wanted"),
    [
        ({}, True),
        ({"NO_COLOR": "1"}, True),
        ({"TERM": "dumb"}, False),
        ({"CI": "true"}, False),
        ({"CI": "false"}, True),
    ],
)
def test_who_wants_to_see_it(sit_down, monkeypatch, variables, wanted):
    sit_down()
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert wants_progress() == wanted


def test_nobody_watches_where_standard_error_is_no_terminal(monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with show_progress():
        assert find_meter().watcher is None
        assert streams.before_saying == []


@pytest.mark.parametrize("say", [streams.say, streams.say_aside])
def test_the_line_is_gone_before_anything_is_said(sit_down, clock, monkeypatch, say):
    terminal = sit_down()
    monkeypatch.setattr(sys, "stdout", terminal)
    with show_progress():
        watcher = find_watcher()
        clock[0] = 1.0
        watcher.tell_judged(1, 2)
        say("said")
        clock[0] = 2.0
        watcher.tell_judged(2, 2)
    assert terminal.seen == ["said", ""]
    assert streams.before_saying == []


def test_the_line_is_gone_after_whatever_ended_it(sit_down, clock):
    terminal = sit_down()

    def work():
        with show_progress():
            clock[0] = 1.0
            find_watcher().tell_judged(1, 2)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work()
    assert terminal.seen == [""]
    assert streams.before_saying == []


# Whole commands, at a terminal of the system


@pytest.fixture
def at_terminal(monkeypatch):
    """Run the command with standard error on a terminal that sees every step; the code and all that was shown."""
    pty = pytest.importorskip("pty", reason="no terminals of this kind on this system")
    for constant, number in {"PATIENCE": 0, "PAUSE": 0, "WORTH_SHOWING": 0, "MEGABYTE": 1}.items():
        monkeypatch.setattr(module, constant, number)
    for name, value in {"CI": "", "TERM": "xterm", "POLICY_CACHE": "off"}.items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str) -> tuple[int, str]:
        near, far = pty.openpty()
        with open(far, "w", encoding="utf-8", newline="\n") as stream:
            monkeypatch.setattr(sys, "stderr", stream)
            code = main(list(arguments))
            stream.flush()
            os.set_blocking(near, False)
            pieces = []
            try:
                while piece := os.read(near, 65536):
                    pieces.append(piece)
            except BlockingIOError:
                pass
        os.close(near)
        return code, b"".join(pieces).decode()

    return run


DATA = "data: {sources: [{path: train.jsonl}]}\n"
PROJECTS = {
    f"{name}/{file}": text
    for name in "abc"
    for file, text in {
        "ml-manifest.yaml": write_manifest(name, DATA),
        "train.jsonl": '{"a": 1}\n' * 10,
    }.items()
}


def test_a_check_shows_what_it_reads_and_judges(plant, at_terminal, capsys):
    plant(PROJECTS)
    _, shown = at_terminal("check", "--output", "json")
    assert "\rreading a/train.jsonl: 90 of 90 MB" in shown
    assert "\rjudging: 2 of 3 projects; reading c/train.jsonl: 90 of 90 MB" in shown
    assert "\rjudging: 3 of 3 projects" in shown
    # What is left is what would be there without a terminal, and nothing of it on standard output.
    assert not any(re.search("reading|judging", show_line(line)) for line in shown.split("\r\n"))
    assert "judging:" not in capsys.readouterr().out


def test_a_check_in_several_processes_shows_what_is_judged(plant, at_terminal):
    plant({f"p{number:03}/ml-manifest.yaml": write_manifest(f"p{number}") for number in range(60)})
    _, shown = at_terminal("check", "--jobs", "2", "--output", "json")
    assert "\rjudging: 50 of 60 projects" in shown
    assert "\rjudging: 60 of 60 projects" in shown


def test_a_training_file_shows_how_far_it_is_read(plant, at_terminal):
    plant({"train.jsonl": '{"a": 1}\n' * 10})
    code, shown = at_terminal("data", "validate", "train.jsonl", "--provider", "openai")
    assert code == 1
    assert "\rreading train.jsonl: 90 of 90 MB" in shown
    assert [show_line(line) for line in shown.split("\r\n")] == [""]


def test_in_pipes_nothing_is_shown(plant, call, monkeypatch):
    for name in ("PATIENCE", "PAUSE", "WORTH_SHOWING"):
        monkeypatch.setattr(module, name, 0)
    monkeypatch.setenv("CI", "")
    plant(PROJECTS)
    result = call("check --output json")
    assert "judging" not in result.err + result.out
    assert "reading a" not in result.err + result.out
    assert "\r" not in result.err + result.out
