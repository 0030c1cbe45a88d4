"""An interview at a terminal: a few questions about a project, each of which can be left unanswered."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import click

from policy.engine.advice.interview import MOST_QUESTIONS
from policy.errors import Problem
from policy.gates.cli.interview_texts import word_question
from policy.gates.cli.problems import print_problems
from policy.gates.cli.questions import split_words
from policy.gates.cli.streams import say_aside
from policy.gates.cli.usage import suggest_name
from policy.model.fact import Fact, Members
from policy.model.fields import ALTERNATIVES, APPROACHES
from policy.model.kinds import BooleanKind, EnumKind, KindError, ListKind, RecordsKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from policy.app.advising import Interview
    from policy.gates.cli.interview_texts import Wording
    from policy.model.kinds import Kind
    from policy.model.schema import Field

SOURCE = "answers"
SAID_YES, SAID_NO = "yes", "no"
NONE_OF_THEM = "none"


def interview(talk: Interview) -> None:
    """Ask until enough is known; the answers go into the interview. Raises click.Abort where the person leaves."""
    say_aside(f"At most {MOST_QUESTIONS} questions. Answer with numbers or words; Enter leaves a question out.")
    asked: set[str] = set()
    while (field := talk.choose(asked)) is not None:
        asked.add(field.path)
        value = _ask_field(field, len(asked))
        if value is not None:
            talk.claims.append(Fact(field.path, value, source=SOURCE))


def _ask_field(field: Field, number: int) -> Any:
    """The value that was answered; None where nothing was."""
    wording = word_question(field)
    say_aside(f"\n{number}. {wording.question} ({field.path})")
    kind = field.kind
    if isinstance(kind, RecordsKind):
        return _ask_attempts(wording)
    choices = _list_choices(kind)
    if not choices:
        return _ask_value(kind, wording.example)
    words = _ask_words(choices, wording.meanings, several=isinstance(kind, ListKind))
    if not words:
        return None
    if isinstance(kind, BooleanKind):
        return words[0] == SAID_YES
    return Members(words, complete=True) if isinstance(kind, ListKind) else words[0]


def _list_choices(kind: Kind) -> tuple[str, ...]:
    if isinstance(kind, BooleanKind):
        return SAID_YES, SAID_NO
    of = kind.of if isinstance(kind, ListKind) else kind
    return of.choices if isinstance(of, EnumKind) else ()


def _ask_words(
    choices: Sequence[str], meanings: Mapping[str, str] | None = None, *, several: bool = False
) -> tuple[str, ...]:
    """Some of the choices, by number or by name; empty where nothing was answered."""
    say_aside("\n".join(_show_choices(choices, meanings or {})))
    while True:
        answer = _prompt("one or more, with commas" if several else "")
        given = split_words(answer) if several else tuple(filter(None, [answer]))
        words = [_read_word(word, choices) for word in given]
        wrong = [word for word in words if word not in choices]
        if not wrong:
            return tuple(dict.fromkeys(words))
        print_problems(Problem(f"`{word}` is none of these", suggest_name(word, choices)) for word in wrong)


def _show_choices(choices: Sequence[str], meanings: Mapping[str, str]) -> Iterator[str]:
    """The numbered choices: a line each where they are explained, else side by side."""
    if not meanings:
        yield "   " + "  ".join(f"{number} {choice}" for number, choice in enumerate(choices, 1))
        return
    width = max(map(len, choices))
    for number, choice in enumerate(choices, 1):
        yield f"   {number} {choice:<{width}}  {meanings.get(choice, '')}".rstrip()


def _prompt(hint: str) -> str:
    """What is answered to the question above; empty where it is left out."""
    label = f"   ({hint}) >" if hint else "   >"
    answer: str = click.prompt(label, default="", show_default=False, prompt_suffix=" ", err=True)
    return answer.strip()


def _read_word(word: str, choices: Sequence[str]) -> str:
    """The choice that a number stands for; a word as it is, `y` and `n` for yes and no."""
    # Not `isdigit`, which takes characters that `int` does not read.
    if word.isdecimal() and word.isascii() and len(word) < 4 and 0 < int(word) <= len(choices):
        return choices[int(word) - 1]
    short = {"y": SAID_YES, "true": SAID_YES, "n": SAID_NO, "false": SAID_NO}.get(word.lower())
    return short if short in choices and short is not None else word


def _ask_value(kind: Kind, example: str) -> Any:
    """A number or a duration; None where nothing was answered."""
    while True:
        answer = _prompt(example or kind.describe())
        if not answer:
            return None
        try:
            return kind.read(answer.replace(",", ""), plain=True)
        except KindError as error:
            print_problems([Problem(error.message, error.remedy)])


def _ask_attempts(wording: Wording) -> Members | None:
    """What was tried, whether it was measured and whether it met the need; None where nothing was answered."""
    tried = _ask_words((*ALTERNATIVES, NONE_OF_THEM), wording.meanings, several=True)
    if not tried:
        return None
    tried = tuple(word for word in tried if word != NONE_OF_THEM)
    measured: tuple[str, ...] = ()
    sufficient: tuple[str, ...] = ()
    if tried:
        choices = (*tried, NONE_OF_THEM)
        say_aside("   Which of them were measured, on examples that were kept apart?")
        measured = _ask_words(choices, several=True)
        say_aside("   Which of them met the need?")
        sufficient = _ask_words(choices, several=True)
    return Members(tuple(_make_attempt(name, measured, sufficient) for name in tried), complete=True)


def _make_attempt(name: str, measured: Sequence[str], sufficient: Sequence[str]) -> dict[str, Fact]:
    told: dict[str, Any] = {"approach": name}
    if name in measured:
        # The person's word that a result is there; nobody is asked to find it now.
        told |= {"run": f"{SOURCE}: {name}", "result_found": True}
    if sufficient:
        told["sufficient"] = name in sufficient
    return {key: Fact(f"tried[].{key}", value, source=SOURCE) for key, value in told.items()}


def draft_command(claims: Sequence[Fact], best: str | None) -> str:
    """The call of `policy init` that states what was answered, for the approach that is best."""
    answers = {claim.path: claim.value for claim in claims}
    words = ["policy", "init"]
    if best in APPROACHES:
        words += ["--approach", str(best)]
    if "purpose" in answers:
        words += ["--purpose", ",".join(answers["purpose"].items)]
    if "stage" in answers:
        words += ["--stage", answers["stage"]]
    return shlex.join(words)
