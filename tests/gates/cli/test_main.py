from __future__ import annotations

import errno
import sys

import click
import pytest

from policy.__about__ import __version__
from policy.errors import NothingToJudgeError, PolicyError, Problem
from policy.gates.cli import version
from policy.gates.cli.main import COMMANDS, cli, main


@pytest.fixture
def fail(monkeypatch, call):
    """What the command makes of an exception in one of its subcommands."""

    def run(error: BaseException):
        def broken(*_: object) -> None:
            raise error

        monkeypatch.setattr(version, "say", broken)
        return call("version")

    return run


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (PolicyError(Problem("a", "b"), Problem("c")), 2, "error: a\n  help: b\nerror: c\n"),
        (NothingToJudgeError(Problem("a")), 3, "error: a\n"),
        (KeyboardInterrupt(), 130, "\n"),
        (click.Abort(), 130, ""),
        (SystemExit(5), 5, ""),
        (SystemExit(None), 0, ""),
        (OSError(errno.ENOSPC, "No space left", "x"), 2, "error: the system refuses to go on: No space left (`x`)\n"),
    ],
)
def test_every_error_has_its_exit_code(error, code, said, fail):
    result = fail(error)
    assert result.code == code
    assert result.err.startswith(said)


BUGS = (ValueError("a \x1b[31m"), RecursionError(), OSError(errno.EPERM, "no"), OSError("no"))


@pytest.mark.parametrize("error", BUGS)
def test_anything_else_is_a_bug_in_one_line(error, fail):
    result = fail(error)
    headline, remedy = result.err.splitlines()
    assert headline.startswith(f"error: a bug in policy {__version__}: {type(error).__name__}: ")
    assert headline.isprintable()
    assert "POLICY_DEBUG=1" in remedy
    assert result.code == 70


def test_developers_see_the_traceback(fail, monkeypatch):
    monkeypatch.setenv("POLICY_DEBUG", "1")
    result = fail(ValueError("a"))
    assert "Traceback (most recent call last)" in result.err
    assert result.code == 70


def test_the_version(call):
    assert call("version").out == f"tunegate {__version__} (Python {sys.version.split()[0]})\n"
    assert call("--version").out == f"policy {__version__} (tunegate)\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_there_and_says_what_its_list_says(name, call):
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    assert command.name == name
    result = call(f"{name} --help")
    assert result.out.startswith(f"Usage: policy {name} ")
    assert result.code == 0


def test_completion_knows_the_commands(monkeypatch, capsys):
    monkeypatch.setenv("_POLICY_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", "policy ch")
    monkeypatch.setenv("COMP_CWORD", "1")
    assert main([]) == 0
    assert capsys.readouterr().out == "plain,check\n"


def test_completion_of_a_command_that_is_not_there_says_nothing(monkeypatch, capsys):
    monkeypatch.setenv("_POLICY_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", "policy chek --ga")
    monkeypatch.setenv("COMP_CWORD", "2")
    assert main([]) == 0
    assert "".join(capsys.readouterr()).strip() == ""


@pytest.mark.parametrize("name", ["stdout", "stderr"])
@pytest.mark.usefixtures("capsys")
def test_a_stream_that_is_not_there_leads_nowhere(name, monkeypatch):
    monkeypatch.setattr(sys, name, None)
    assert main(["version"]) == 0
    assert main(["versoin"]) == 2
    getattr(sys, name).close()
