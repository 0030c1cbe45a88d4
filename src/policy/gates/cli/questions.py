"""Questions to a person at a terminal; each can be left unanswered."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from policy.errors import Problem
from policy.gates.cli.problems import print_problems
from policy.gates.cli.streams import say_aside
from policy.gates.cli.usage import suggest_name

if TYPE_CHECKING:
    from collections.abc import Sequence


def can_ask() -> bool:
    """Whether somebody sits at both ends: questions go to standard error."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()


def ask_one(question: str, choices: Sequence[str]) -> str:
    """One of the choices, or empty where nothing was answered. Raises click.Abort where the person leaves."""
    return next(iter(_ask(question, choices, several=False)), "")


def ask_several(question: str, choices: Sequence[str]) -> tuple[str, ...]:
    """Some of the choices, each once; raises as `ask_one` does."""
    return _ask(question, choices, several=True)


def _ask(question: str, choices: Sequence[str], *, several: bool) -> tuple[str, ...]:
    say_aside(f"{question}\n  {' | '.join(choices)}")
    how = "one or more, with commas; Enter leaves it out" if several else "Enter leaves it out"
    while True:
        answer = click.prompt(f"  ({how})", default="", show_default=False, err=True)
        words = split_words(answer) if several else tuple(filter(None, [answer.strip()]))
        wrong = [word for word in words if word not in choices]
        if not wrong:
            return words
        print_problems(Problem(f"`{word}` is none of these", suggest_name(word, choices)) for word in wrong)


def split_words(text: str) -> tuple[str, ...]:
    """Words with commas between them, each once."""
    return tuple(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))
