"""Standard output and error as they come: a pipe that closes, a full disk, another encoding, a terminal, nothing."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

COLOUR = "\033["
BLOCKED = "manifest: 1\nproject: evil \u00e9\u2713\napproach: fine-tuning\n"
# What prints much, what prints little, and what fails.
CALLS = {
    "check": 1,
    "check --output json": 1,
    "list": 0,
    "explain few-examples": 0,
    "schema": 0,
    "test": 0,
    "version": 0,
    "check gone": 2,
}


@pytest.fixture(autouse=True)
def blocked(plant):
    plant({"ml-manifest.yaml": BLOCKED})


@pytest.mark.parametrize("call", CALLS)
def test_a_reader_that_leaves_changes_no_exit_code(call, policy):
    reading, writing = os.pipe()
    os.close(reading)
    result = policy(*call.split(), stdout=writing)
    os.close(writing)
    assert "Exception" not in result.err
    assert result.code == CALLS[call]


def test_head_gets_the_first_line(policy):
    with policy.start("check") as process:
        head = subprocess.run(["head", "-1"], stdin=process.stdout, capture_output=True, check=True)
        process.stdout.close()
        err = process.stderr.read()
    assert head.stdout.decode().startswith("block  evil")
    assert err == b""
    assert process.returncode == 1


def close(*descriptors: int):
    def prepare() -> None:
        for descriptor in descriptors:
            os.close(descriptor)

    return prepare


@pytest.mark.parametrize("closed", [(1,), (2,), (1, 2)], ids=["out", "err", "both"])
@pytest.mark.parametrize("call", CALLS)
def test_closed_streams_change_no_exit_code(call, closed, policy):
    result = policy(*call.split(), prepare=close(*closed))
    assert result.code == CALLS[call]


def test_nothing_is_written_into_a_report_by_way_of_a_closed_stream(policy, tmp_path):
    result = policy("check", "--output", "text", "--output", "json=out.json", prepare=close(1))
    assert (tmp_path / "out.json").read_text().startswith('{"format": "policy-decisions/1"')
    assert result.code == 1


@pytest.mark.parametrize("call", [call for call in CALLS if call != "check gone"])
def test_a_full_disk_is_said(call, policy):
    if not Path("/dev/full").is_char_device():
        pytest.skip("no /dev/full on this system")
    with open("/dev/full", "wb") as full:
        result = policy(*call.split(), stdout=full)
    assert result.headlines == ["error: standard output cannot be written to: No space left on device"]
    assert result.helps == ["make room, or send it elsewhere"]
    assert result.code == 2


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    "settings",
    [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}],
    ids=["ascii", "C"],
)
def test_what_an_encoding_lacks_is_escaped(call, settings, policy):
    result = policy(*call.split(), env=settings)
    assert (result.out + result.err).isascii()
    assert result.code == CALLS[call]


def test_what_an_encoding_has_is_not_escaped(policy):
    with policy.start("check", env={"PYTHONIOENCODING": "latin-1"}) as process:
        out, err = process.communicate()
    assert out.startswith(b"block  evil \xe9\\u2713  ml-manifest.yaml\n")
    assert err == b""
    assert process.returncode == 1


HOSTILE = "a\\e[31mb\\u202ec\\ad\\u2028e\\u009b1mf\\rg"


@pytest.mark.parametrize(
    "content",
    [f'project: "{HOSTILE}"\napproach: rag\n', f'project: a\nstage: "{HOSTILE}"\n', f'project: a\n"{HOSTILE}": 1\n'],
    ids=["name", "value", "key"],
)
def test_text_is_shown_without_what_steers_a_terminal(content, plant, policy):
    plant({"ml-manifest.yaml": f"manifest: 1\n{content}"})
    result = policy("check")
    shown = result.out + result.err
    assert shown.replace("\n", "").isprintable()
    assert "a\u241b[31mb\ufffdc\u2407d" in shown


@pytest.fixture
def show(policy):
    """What the command writes to a terminal."""
    pty = pytest.importorskip("pty")

    def run(*arguments: str, env: dict[str, str]) -> str:
        ours, theirs = pty.openpty()
        with policy.start(*arguments, stdout=theirs, env=env) as process:
            os.close(theirs)
            parts = []
            while part := read(ours):
                parts.append(part)
        os.close(ours)
        assert process.returncode == 1
        return b"".join(parts).decode()

    return run


def read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # Linux's way to say that the other side is closed
        return b""


@pytest.mark.parametrize(
    ("settings", "coloured"),
    [
        ({}, True),
        ({"TERM": "xterm"}, True),
        ({"NO_COLOR": ""}, True),
        ({"NO_COLOR": "1"}, False),
        ({"TERM": "dumb"}, False),
    ],
)
def test_colours_are_for_terminals_that_want_them(settings, coloured, show):
    out = show("check", env=settings)
    assert (COLOUR in out) == coloured
    assert "prompting-first" in out


def test_other_formats_and_files_have_no_colours(show, tmp_path):
    assert COLOUR not in show("check", "--output", "json", env={})
    show("check", "--output", "text=report.txt", "--output", "json", env={})
    assert COLOUR not in (tmp_path / "report.txt").read_text(encoding="utf-8")


def test_a_pipe_has_no_colours(policy):
    assert COLOUR not in policy("check").out
