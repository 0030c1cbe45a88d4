"""What advice says in words, the same in every format for people."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from policy.model.advice import INSUFFICIENT, KEEP, MEASURED, SILENT, SPENT, STOPPED, SUFFICIENT, TRY, UNTRIED, WAIT
from policy.model.kinds import MONEY
from policy.reports.layout import join_names
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.model.advice import Advice, Cost, Question, Ranked, Voice
    from policy.model.money import Money

# Of what is long the beginning is shown, and the rest counted.
SHOWN: Final = 3
SHOWN_QUESTIONS: Final = 5
NAMED: Final = 3
# Its answer is no single value, so nothing is supposed of it, and it tells more than all others.
TRIED: Final = "tried"
ACTS: Final = {"block": "would block", "hold": "would hold", "flag": "flags", "advise": "advises against"}
OUTCOMES: Final = {
    SUFFICIENT: "met the need",
    INSUFFICIENT: "fell short",
    MEASURED: "tried, not said whether it sufficed",
}
# How what is missing names a fact.
FACT: Final = re.compile(r"`([a-z_]+(?:\.[a-z0-9_]+)+)`")
NOT_KNOWN: Final = "not known"
NOTHING_TO_TELL: Final = "No policy in force tells approaches apart, so none can be ranked."


class Step(NamedTuple):
    """A rung of the ladder: whether it was tried, and what there is to say of it."""

    approach: str
    ticked: bool
    said: str


def say_recommendation(advice: Advice) -> str:
    """The advice in one sentence, or two."""
    if not advice.ranked:
        return NOTHING_TO_TELL
    best = advice.ranked[0]
    if advice.best is None:
        return f"Nothing can be recommended as things stand. {_say_way_out(advice)}".strip()
    if best.grade == KEEP:
        verb = "Keep" if advice.best == advice.present else "Take"
        return f"{verb} {advice.best}: it was tried and met the need."
    later = [rung.approach for rung in advice.ladder[1:]]
    after = f" If it falls short: {', then '.join(later)}." if later else ""
    if best.standing == MEASURED:
        return f"Say whether {advice.best} sufficed: it was tried, and {_say_caller(best)}.{after}"
    first = " first" if later else ""
    return f"Try {advice.best}{first}: {_say_caller(best)}.{after}"


def _say_caller(best: Ranked) -> str:
    voice = best.in_favour[0]
    more = f" (as do {len(best.in_favour) - 1} more)" if len(best.in_favour) > 1 else ""
    return f"{voice.policy} {ACTS[voice.effect]} {join_names(list(voice.under), NAMED)} here and names it instead{more}"


def _say_way_out(advice: Advice) -> str:
    """What stands in the way of the approach that policies name and others stop."""
    left = next(
        (item for item in advice.ranked if item.grade == STOPPED and item.in_favour and not item.excused_by), None
    )
    if left is None and any(item.grade == SPENT for item in advice.ranked):
        return "What was tried fell short, and no policy names anything else."
    if left is None:
        return "No policy names an approach for what is known so far."
    stops = [voice for voice in left.against if voice.stops]
    names = join_names([voice.policy for voice in stops], NAMED)
    return f"What is left is {left.approach}, stopped by {names}. {stops[0].fix}"


def say_grade(item: Ranked) -> str:
    """Where an approach stands, in a few words."""
    if item.grade == STOPPED:
        return "would be blocked" if item.against[0].effect == "block" else "would be held for approval"
    if item.grade == WAIT:
        return f"later, after {join_names(list(item.after), NAMED)}"
    if item.grade == SILENT and item.excused_by:
        return f"not needed here, by {join_names(list(item.excused_by), NAMED)}"
    return {KEEP: "met the need", TRY: "to try", SILENT: "no policy names it", SPENT: "tried, fell short"}[item.grade]


def list_objections(item: Ranked) -> tuple[list[Voice], list[Voice]]:
    """What speaks against an approach, and what only asks for something on the way."""
    weighty = [voice for voice in item.against if voice.stops or voice.instead]
    return weighty, [voice for voice in item.against if voice not in weighty]


def list_steps(advice: Advice) -> Iterator[Step]:
    """The ladder: what was tried, cheapest first, and then what to try, one after the other."""
    ahead = {rung.approach for rung in advice.ladder}
    for approach, standing in advice.standings:
        if standing != UNTRIED and approach not in ahead:
            yield Step(approach, ticked=True, said=OUTCOMES[standing])
    standings = dict(advice.standings)
    for number, rung in enumerate(advice.ladder):
        ticked = standings[rung.approach] != UNTRIED
        said = "say whether it sufficed" if ticked else "next" if not number else "if that falls short"
        asked = f" ({join_names(list(rung.policies), NAMED)})" if rung.policies else ""
        yield Step(rung.approach, ticked=ticked, said=said + asked)


def list_stopped(advice: Advice) -> list[str]:
    """The approaches that policies stop as things stand and that the ladder does not come to."""
    ahead = {rung.approach for rung in advice.ladder}
    return [item.approach for item in advice.ranked if item.grade == STOPPED and item.approach not in ahead]


def say_changes(question: Question) -> str:
    """What answers would change: `true: rag`; empty where none does by itself."""
    return ", ".join(f"{change.answer}: {change.best or 'nothing to recommend'}" for change in question.changes)


def say_amount(amount: Money | None) -> str:
    """An amount, or that it is not known."""
    return NOT_KNOWN if amount is None else MONEY.say(amount)


def name_cost(cost: Cost) -> str:
    """What a row of the costs is about."""
    return f"{cost.approach} ({cost.variant})" if cost.variant else cost.approach


def list_cost_notes(advice: Advice, *, brief: bool = False) -> list[str]:
    """Below the costs: what is missing for which, the prices with their days, and what was taken for granted.

    What is missing is named, and explained unless that is to be `brief`.
    """
    notes = [_say_missing(cost, brief=brief) for cost in advice.costs if cost.missing]
    for price in dict.fromkeys(price for cost in advice.costs for price in cost.prices):
        day = f", {price.date.isoformat()}" if price.date else ""
        notes.append(f"{price.what}: {MONEY.say(price.amount)} ({price.source}{day})")
    return [*notes, *dict.fromkeys(said for cost in advice.costs for said in cost.assumptions)]


def _say_missing(cost: Cost, *, brief: bool) -> str:
    named = dict.fromkeys(FACT.findall(" ".join(cost.missing)))
    needed = ", ".join(named) if brief and named else "; ".join(cost.missing)
    return f"{name_cost(cost)}: not known, needs {needed}"
