"""Advice as Markdown, for an issue or a pull request: everything from a manifest is shown, and nothing of it acts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.reports.advice.wording import (
    SHOWN_QUESTIONS,
    list_cost_notes,
    list_objections,
    list_steps,
    list_stopped,
    list_voices,
    name_cost,
    say_amount,
    say_changes,
    say_grade,
    say_lacks,
    say_recommendation,
    say_settling,
)
from policy.reports.layout import clean, count_noun
from policy.reports.markdown import escape, write_code, write_table, write_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policy.model.advice import Advice, Question, Voice
    from policy.reports.advice.text import View

RANKING = ("", "approach", "stands", "for", "against")
COSTS = ("approach", "first run", "a month", "an update")


def write_markdown(given: Sequence[Advice], view: View) -> str:
    """A section for each project."""
    return "\n".join("\n".join(_write_advice(advice, view)) + "\n" for advice in given)


def _write_advice(advice: Advice, view: View) -> Iterator[str]:
    subject = advice.subject
    yield f"## Which approach for {write_code(clean(subject.project, 80))}?"
    yield ""
    yield f"**{_show(say_recommendation(advice))}**"
    files = [view.show_path(file) for file in (subject.manifest, subject.training_config) if file]
    if files:
        now = f", now {write_code(advice.present)}" if advice.present else ""
        yield ""
        yield f"From {', '.join(write_code(file) for file in dict.fromkeys(files))}{now}."
    yield from _write_ranking(advice)
    yield from _write_ladder(advice)
    yield from _write_reasons(advice)
    yield from _write_questions(advice.questions, everything=view.everything)
    yield from _write_costs(advice)
    if advice.faults:
        yield from ("", "### Could not be judged", "")
        yield from (f"- {write_code(fault.policy)}: {_show(fault.message)}" for fault in advice.faults)


def _write_ranking(advice: Advice) -> Iterator[str]:
    if not advice.ranked:
        return
    rows = []
    for number, item in enumerate(advice.ranked, 1):
        against, _ = list_objections(item)
        said = (_write_voices(item.in_favour), _write_voices(against))
        rows.append((str(number), write_code(item.approach), _show(say_grade(item)), *said))
    yield from ("", *write_table(RANKING, rows))


def _write_voices(voices: Sequence[Voice]) -> str:
    """Every policy with what it does; what it says stands below, once."""
    return ", ".join(f"{write_code(voice.policy)} ({voice.effect})" for voice in voices)


def _write_reasons(advice: Advice) -> Iterator[str]:
    """What each policy wants, what it found, and under which approaches."""
    voices = list_voices(advice)
    if voices:
        yield from ("", "### What the policies say", "")
    for voice in voices:
        under = ", ".join(map(write_code, voice.under))
        instead = f", for {', '.join(map(write_code, voice.instead))}" if voice.instead else ""
        yield f"- {write_code(voice.policy)} ({voice.effect}): {_show(voice.title)}. {_show(voice.message)}."
        yield f"  Against {under}{instead}."


def _write_ladder(advice: Advice) -> Iterator[str]:
    steps = list(list_steps(advice))
    if not steps:
        return
    yield from ("", "### What was tried, and what to try", "")
    for number, step in enumerate(steps, 1):
        yield f"{number}. [{'x' if step.ticked else ' '}] {write_code(step.approach)}: {_show(step.said)}"
    stopped = list_stopped(advice)
    if stopped:
        yield from ("", f"Not as things stand: {', '.join(map(write_code, stopped))}.")


def _write_questions(questions: Sequence[Question], *, everything: bool) -> Iterator[str]:
    shown = questions if everything else questions[:SHOWN_QUESTIONS]
    if not shown:
        return
    yield from ("", "### Still unknown", "")
    for question in shown:
        changes = say_changes(question)
        would = f" It would change the advice if {_show(changes)}." if changes else ""
        waiting = ", ".join(map(write_code, question.policies))
        yield f"- {write_code(question.fact)}: {_show(say_settling(question))}.{would} Asked by {waiting}."
    rest = len(questions) - len(shown)
    if rest:
        yield f"- and {count_noun(rest, 'more fact')}"


def _write_costs(advice: Advice) -> Iterator[str]:
    if not advice.costs:
        return
    rows = [
        (_show(name_cost(cost)), *(_show(say_amount(amount)) for amount in (cost.run, cost.month, cost.update)))
        for cost in advice.costs
    ]
    yield from ("", "### Costs, estimated", "", *write_table(COSTS, rows), "")
    for number, cost in enumerate(advice.costs):
        lacks = say_lacks(advice.costs, number)
        yield from (f"- {write_text(clean(f'{name_cost(cost)}: {said}'), quiet=True)}" for said in lacks)
    yield from (f"- {write_text(clean(note), quiet=True)}" for note in list_cost_notes(advice))


def _show(text: str) -> str:
    """A text of any origin in which nothing is markup and nobody is called."""
    return escape(clean(text), quiet=True)
