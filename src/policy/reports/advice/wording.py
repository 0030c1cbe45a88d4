"""What advice says in words, the same in every format for people."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from policy.language.phrases import join_words
from policy.model.advice import INSUFFICIENT, KEEP, MEASURED, SILENT, SPENT, STOPPED, SUFFICIENT, TRY, UNTRIED, WAIT
from policy.model.gates import EFFECTS
from policy.model.kinds import MONEY
from policy.reports.layout import join_names
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policy.model.advice import Advice, Cost, Price, Question, Ranked, Voice
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
AMOUNTS: Final = {"run": "the first run", "month": "a month", "update": "an update"}
# What is missing, with what it means in brackets.
EXPLAINED: Final = re.compile(r"(`[^`]+`) \([^()]*\)")
# Instead of a table in which nothing stands.
COSTS_OPEN: Final = (
    "Not known yet: they follow from the model, the calls of a month and their tokens. A manifest states these, and "
    "`policy advise` estimates then."
)
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
        return f"Say whether {advice.best} sufficed, for it was tried: {_say_caller(best)}.{after}"
    first = " first" if later else ""
    return f"Try {advice.best}{first}: {_say_caller(best)}.{after}"


def _say_caller(best: Ranked) -> str:
    """The policy that calls loudest for an approach: what it wants, then what it does."""
    voice = best.in_favour[0]
    others = len(best.in_favour) - 1
    more = f", as {'does' if others == 1 else 'do'} {others} more" if others else ""
    does = f"{voice.policy} {ACTS[voice.effect]} {join_names(list(voice.under), NAMED)} here{more}"
    return f"{_begin_small(voice.title)} ({does})"


def _begin_small(title: str) -> str:
    """A title within a sentence; what is written in capitals stays so."""
    return title if title[1:2].isupper() else title[:1].lower() + title[1:]


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


def say_settling(question: Question) -> str:
    """How to settle a question, behind the name of its fact."""
    return question.settle.removeprefix(f"state {question.fact} in the manifest: ").removeprefix(f"{question.fact} ")


def say_changes(question: Question) -> str:
    """What answers would change: `true: rag`; empty where none does by itself."""
    answers: dict[str, list[str]] = {}
    for change in question.changes:
        answers.setdefault(change.best or "nothing to recommend", []).append(change.answer)
    return "; if ".join(f"{join_words(told, 'or')}: {best}" for best, told in answers.items())


def say_amount(amount: Money | None) -> str:
    """An amount, or that it is not known."""
    return NOT_KNOWN if amount is None else MONEY.say(amount)


def name_cost(cost: Cost) -> str:
    """What a row of the costs is about."""
    return f"{cost.approach} ({cost.variant})" if cost.variant else cost.approach


def say_lacks(costs: Sequence[Cost], number: int, *, brief: bool = False) -> Iterator[str]:
    """Why amounts of a row are not known: `a month lacks …`. What a row above lacks, too, is said by its name.

    What is missing is named, and explained unless that is to be `brief`.
    """
    cost = costs[number]
    amounts: dict[tuple[str, ...], list[str]] = {}
    for name, missing in cost.lacks:
        amounts.setdefault(missing, []).append(AMOUNTS[name])
    for missing, names in amounts.items():
        above, rest = _find_above(costs[:number], missing)
        words = [f"what {above} lacks"] if above else []
        words += [_shorten(item) for item in rest] if brief else rest
        yield f"{join_words(names, 'and')} {'lacks' if len(names) == 1 else 'lack'} {'; '.join(words)}"


def _find_above(costs: Sequence[Cost], missing: tuple[str, ...]) -> tuple[str, list[str]]:
    """The row that lacks most of this, and nothing else, for an amount of its own; and what is left."""
    found = ((name_cost(cost), lacked) for cost in costs for _, lacked in cost.lacks if len(lacked) > 1)
    name, lacked = max((item for item in found if set(item[1]) <= set(missing)), key=_count_lacked, default=("", ()))
    return name, [item for item in missing if item not in lacked]


def _count_lacked(item: tuple[str, tuple[str, ...]]) -> int:
    return len(item[1])


def _shorten(missing: str) -> str:
    return EXPLAINED.sub(r"\1", missing).replace("`", "")


def list_cost_notes(advice: Advice) -> list[str]:
    """Below the costs: prices with their days, and what was taken for granted, each with the rows that rest on it."""
    rows: dict[str, list[str]] = {}
    for cost in advice.costs:
        for note in (*map(_say_price, cost.prices), *cost.assumptions):
            rows.setdefault(note, []).append(name_cost(cost))
    # The prices first: they grow old.
    priced = {_say_price(price) for cost in advice.costs for price in cost.prices}
    ordered = sorted(rows, key=lambda note: note not in priced)
    return [note if len(rows[note]) == len(advice.costs) else f"{', '.join(rows[note])}: {note}" for note in ordered]


def _say_price(price: Price) -> str:
    day = f", {price.date.isoformat()}" if price.date else ""
    return f"{price.what} at {MONEY.say(price.amount)} ({price.source}{day})"


def list_voices(advice: Advice) -> list[Voice]:
    """Every policy that speaks for or against an approach, once, the hardest first."""
    heard = (voice for item in advice.ranked for voice in (*item.against, *item.in_favour))
    return sorted(dict.fromkeys(heard), key=lambda voice: (-EFFECTS.index(voice.effect), voice.policy))


def is_from_answers(advice: Advice) -> bool:
    """Whether there is no project yet, but only what somebody answered."""
    return advice.subject.manifest is None and advice.subject.training_config is None


def are_costs_open(advice: Advice) -> bool:
    """Whether nothing is known of any cost but that it is none."""
    return not any(amount and amount.amount for cost in advice.costs for amount in (cost.run, cost.month, cost.update))
