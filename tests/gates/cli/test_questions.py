"""Questions to a person: how answers are read, and who is asked at all."""

from __future__ import annotations

import io
import sys

import pytest

from policy.gates.cli.questions import can_ask, split_words


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("stdin", "stderr", "asked"),
    [
        (Terminal(), Terminal(), True),
        (Terminal(), io.StringIO(), False),
        (io.StringIO(), Terminal(), False),
        # Closed by whoever called the command.
        (None, Terminal(), False),
    ],
)
def test_only_who_sees_and_types_is_asked(monkeypatch, stdin, stderr, asked):
    monkeypatch.setattr(sys, "stdin", stdin)
    monkeypatch.setattr(sys, "stderr", stderr)
    assert can_ask() is asked


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("style", ("style",)),
        (" style , latency ", ("style", "latency")),
        ("style,style", ("style",)),
        (",style,,", ("style",)),
        ("", ()),
        (" , ", ()),
    ],
)
def test_words_with_commas_between_them(text, words):
    assert split_words(text) == words
