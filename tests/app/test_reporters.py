"""The reporters of plugins are held to what a reporter gives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from policy.app.reporters import GuardedReporter, make_reporter
from policy.errors import PolicyError, Problem
from policy.gates.cli.outputs import Output
from policy.gates.cli.targets import Target


class House:
    """A format of a plugin."""

    separator = ""
    worst_first = True

    def start(self, context: object) -> str:
        return "<"

    def report_decision(self, decision: object, context: object) -> str:
        return "d"

    def finish(self, summary: object, problems: object, context: object) -> str:
        return ">"


class Composing(House):
    """One that sees its parts together; it ends with what it is told to."""

    def __init__(self, last: Any = "end") -> None:
        self.last = last

    def compose(self, head: str, decisions: Iterator[str], tail: str) -> Iterator[Any]:
        yield from (head, *decisions, tail)
        if isinstance(self.last, BaseException):
            raise self.last
        yield self.last


def compose(last: Any) -> list[str]:
    return list(GuardedReporter("house", Composing(last)).compose("<", iter("ab"), ">"))


def test_a_plugin_may_compose_its_report(tmp_path):
    assert compose("!") == ["<", "a", "b", ">", "!"]
    out = Output(Target("house", str(tmp_path / "x")), make_reporter({"house": Composing}, "house"))
    out.start("<")
    out.add("allow", "a")
    out.add("block", "b")
    out.finish(">")
    assert (tmp_path / "x").read_text() == "<ba>end"


def test_one_that_does_not_is_not_asked_to():
    assert not hasattr(GuardedReporter("house", House()), "compose")


@pytest.mark.parametrize(
    ("last", "said"),
    [
        (ValueError("secret"), "the report format `house` failed: ValueError in test_reporters.py"),
        (SystemExit(0), "the report format `house` failed: SystemExit"),
        (7, "the report format `house` failed: `compose` gives a int, not text"),
        (PolicyError(Problem("no room")), "no room"),
    ],
)
def test_one_that_breaks_while_it_composes_is_named(last, said):
    with pytest.raises(PolicyError, match=said) as caught:
        compose(last)
    assert "secret" not in str(caught.value)
