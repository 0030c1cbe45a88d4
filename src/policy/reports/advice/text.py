"""Advice for a person at a terminal: what to do in one line, then why, in which order, and what would tell more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from policy.model.advice import KEEP, TRY
from policy.reports.advice.wording import (
    COSTS_OPEN,
    NOT_KNOWN,
    SHOWN,
    SHOWN_QUESTIONS,
    TRIED,
    are_costs_open,
    is_from_answers,
    list_cost_notes,
    list_objections,
    list_steps,
    list_stopped,
    name_cost,
    say_amount,
    say_changes,
    say_grade,
    say_lacks,
    say_recommendation,
    say_settling,
)
from policy.reports.colour import paint
from policy.reports.layout import clean, count_noun, join_names, wrap
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from policy.model.advice import Advice, Cost, Ranked, Voice

WIDTH: Final = 80
# Of what speaks for and against all but the first.
SHOWN_BELOW: Final = 2
# Notes below the costs, beyond which `--all` is needed.
SHOWN_NOTES: Final = 8
GRADE_STYLES = {"keep": "green", "try": "green", "wait": "yellow", "silent": "dim", "spent": "dim", "stopped": "red"}
COLUMNS = ("first run", "a month", "an update")


class View(NamedTuple):
    """How advice is shown: `show_path` names a file as from the working folder; `everything` leaves nothing out."""

    show_path: Callable[[str], str]
    colour: bool = False
    everything: bool = False


def write_text(given: Sequence[Advice], view: View) -> str:
    """The advice about each project."""
    return "\n".join("\n".join(AdviceWriter(view).write(advice)) + "\n" for advice in given)


class AdviceWriter:
    """Writes advice about one project as lines."""

    def __init__(self, view: View) -> None:
        self.view = view

    def write(self, advice: Advice) -> Iterator[str]:
        """Recommendation, ranking, ladder, questions, costs."""
        yield self._head(advice)
        yield from (self._paint(line, "bold") for line in _fold(say_recommendation(advice), "  "))
        for number, item in enumerate(advice.ranked, 1):
            yield ""
            yield from self._ranked(number, item, SHOWN if number == 1 else SHOWN_BELOW)
        yield from self._ladder(advice)
        yield from self._questions(advice)
        yield from self._costs(advice)
        for fault in advice.faults:
            yield from _fold(f"could not be judged: {fault.policy}: {clean(fault.message)}", "  ", "    ")

    def _paint(self, text: str, style: str) -> str:
        return paint(text, style, colour=self.view.colour)

    def _head(self, advice: Advice) -> str:
        subject = advice.subject
        files = [clean(self.view.show_path(file)) for file in (subject.manifest, subject.training_config) if file]
        now = f"(now {advice.present})" if advice.present else ""
        name = clean(subject.project, 80)
        # Without a manifest the name is that of the file.
        named = ", ".join(file for file in dict.fromkeys(files) if file != name)
        return "  ".join(part for part in (self._paint(name, "bold"), named, now) if part)

    def _ranked(self, number: int, item: Ranked, shown: int) -> Iterator[str]:
        grade = self._paint(say_grade(item), GRADE_STYLES[item.grade])
        yield f"  {number}. {self._paint(item.approach, 'bold')}: {grade}"
        against, conditions = list_objections(item)
        yield from self._voices("for", item.in_favour, shown)
        yield from self._voices("against", against, shown)
        if conditions:
            yield from self._entry("asks for", self._join([voice.policy for voice in conditions]))
        # What an approach meets is of interest where it is the one to take.
        if item.passed and ((number == 1 and item.grade in (KEEP, TRY)) or self.view.everything):
            could = "which could have named another approach"
            yield from self._entry("met", f"{self._join(list(item.passed))}, {could}")

    def _voices(self, word: str, voices: Sequence[Voice], most: int) -> Iterator[str]:
        shown = voices if self.view.everything else voices[:most]
        for voice in shown:
            said = voice.title + (f": {voice.message}" if self.view.everything and word == "against" else "")
            yield from self._entry(word, f"{clean(said)} ({voice.policy}, {voice.effect})")
        rest = [voice.policy for voice in voices[len(shown) :]]
        if rest:
            yield from self._entry(word, f"{self._join(rest)} too")

    def _entry(self, word: str, text: str) -> Iterator[str]:
        first, *others = _fold(text, " " * 14)
        yield f"     {self._paint(f'{word:<9}', 'dim')}{first[14:]}"
        yield from others

    def _join(self, names: list[str]) -> str:
        return join_names(names, len(names) if self.view.everything else SHOWN)

    def _ladder(self, advice: Advice) -> Iterator[str]:
        steps = list(list_steps(advice))
        if not steps:
            return
        yield from ("", f"  {self._paint('what was tried, and what to try', 'bold')}")
        for number, step in enumerate(steps, 1):
            tick = "[x]" if step.ticked else "[ ]"
            yield from _fold(f"{tick} {step.approach}: {step.said}", f"    {number}. ")
        stopped = list_stopped(advice)
        if stopped:
            yield from _fold(f"not as things stand: {join_names(stopped, SHOWN)}", "    ", "      ")

    def _questions(self, advice: Advice) -> Iterator[str]:
        questions = advice.questions
        telling = any(question.changes or question.fact == TRIED for question in questions)
        settled = advice.ranked[:1] and advice.ranked[0].grade == KEEP and not telling
        # Who has what meets the need is not sent to find out what would not change it.
        shown = questions if self.view.everything else questions[: 0 if settled else SHOWN_QUESTIONS]
        if is_from_answers(advice) and not self.view.everything:
            # Who begins is asked for nothing that would change nothing.
            shown = tuple(question for question in shown if question.changes)
        if not questions:
            return
        rest = len(questions) - len(shown)
        counted = f" ({rest} {'more' if shown else 'facts'}: --all)" if rest else ""
        yield from ("", f"  {self._paint('still unknown, the most telling first', 'bold')}{counted}")
        if not telling:
            yield "    None of them alone would change the advice."
        for question in shown:
            changes = say_changes(question)
            would = f" · would change the advice if {changes}" if changes else ""
            said = f"{question.fact}: {say_settling(question)}{would} · {self._join(list(question.policies))}"
            first, *others = _fold(clean(said), "    ", "      ")
            yield first.replace(question.fact, self._paint(question.fact, "bold"), 1)
            yield from others

    def _costs(self, advice: Advice) -> Iterator[str]:
        if not advice.costs:
            return
        yield from ("", f"  {self._paint('costs, estimated', 'bold')}")
        if is_from_answers(advice) and are_costs_open(advice) and not self.view.everything:
            yield from _fold(COSTS_OPEN, "    ")
            return
        yield from self._cost_table(advice.costs)
        notes = list_cost_notes(advice)
        shown = notes if self.view.everything else notes[:SHOWN_NOTES]
        if shown:
            yield ""
        for note in shown:
            yield from _fold(clean(note), "    - ")
        if len(notes) > len(shown):
            yield f"    - {count_noun(len(notes) - len(shown), 'more note')}: --all"

    def _cost_table(self, costs: Sequence[Cost]) -> Iterator[str]:
        """A row for each approach, and below it why something in it is not known."""
        rows = [(name_cost(cost), *map(say_amount, (cost.run, cost.month, cost.update))) for cost in costs]
        widths = [max(map(len, column)) for column in zip(("", *COLUMNS), *rows, strict=True)]
        yield _align(("", *COLUMNS), widths)
        for number, row in enumerate(rows):
            yield _align(row, widths).replace(NOT_KNOWN, self._paint(NOT_KNOWN, "dim"))
            for said in say_lacks(costs, number, brief=not self.view.everything):
                yield from (self._paint(line, "dim") for line in _fold(clean(said), "      ", "        "))


def _align(row: tuple[str, ...], widths: Sequence[int]) -> str:
    cells = [f"{row[0]:<{widths[0]}}", *(f"{cell:>{width}}" for cell, width in zip(row[1:], widths[1:], strict=True))]
    return f"    {'  '.join(cells)}".rstrip()


def _fold(text: str, first: str, rest: str | None = None) -> list[str]:
    return wrap(text, first, rest, WIDTH)
