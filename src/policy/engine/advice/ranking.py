"""What the policies say for and against each approach, and the order that follows from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.engine.advice.ladder import LADDER, PROMPTING, TRIED, UNADAPTED, judged_as, list_standings
from policy.model.advice import (
    GRADES,
    INSUFFICIENT,
    KEEP,
    SILENT,
    SPENT,
    STOPPED,
    SUFFICIENT,
    TRY,
    UNTRIED,
    WAIT,
    Ranked,
    Voice,
)
from policy.model.derived.derivations import plan_retrieval
from policy.model.gates import EFFECTS, SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from policy.engine.advice.consultation import Consultation
    from policy.model.facts import Facts
    from policy.model.policy import Policy


def rank_approaches(consultation: Consultation, facts: Facts) -> tuple[Ranked, ...]:
    """The approaches, best first; none where no policy tells them apart.

    The untouched model is among them only where it is a way to go on.
    """
    if not consultation.telling:
        return ()
    voices = list_voices(consultation)
    standings = list_standings(facts)
    if any(standings[name] == INSUFFICIENT for name in PROMPTING):
        # Prompts are put to the untouched model: where one fell short, so did the model without it.
        standings[UNADAPTED] = INSUFFICIENT
    heard = [_hear(approach, standings, voices, consultation) for approach in LADDER]
    viable = {item.approach for item in heard if _is_viable(item)}
    graded = [_grade(item, viable) for item in heard]
    shown = [item for item in graded if item.approach != UNADAPTED or item.grade in (KEEP, TRY, WAIT)]
    return tuple(sorted(shown, key=make_key))


def name_best(ranked: Sequence[Ranked]) -> str | None:
    """The approach to take; None where none can be recommended."""
    return ranked[0].approach if ranked and ranked[0].grade in (KEEP, TRY) else None


def make_key(item: Ranked) -> tuple[int, int, int, int]:
    """What the order goes by: grade, hardest effect against, weight of what would stop a project, and cost."""
    hardest = max((EFFECTS.index(voice.effect) for voice in item.against), default=-1)
    weight = _sum_weights(item.against) - _sum_weights(item.in_favour)
    return GRADES.index(item.grade), hardest, weight, LADDER.index(item.approach)


def _sum_weights(voices: Iterable[Voice]) -> int:
    # What only flags or advises makes an approach worth trying, and sends nobody past a cheaper one.
    return sum(weigh(voice.severity) for voice in voices if voice.stops)


def weigh(severity: str) -> int:
    """Each severity weighs twice the one below it."""
    return int(2 ** SEVERITIES.index(severity))


def list_voices(consultation: Consultation) -> list[Voice]:
    """Every policy that tells the approaches apart and fails under some, hardest and most severe first."""
    voices = []
    for policy in consultation.telling:
        under = _list_under(policy, "fail", consultation)
        if under:
            outcome = consultation.outcomes[under[0]][policy.id]
            said = (outcome.message, policy.instead, outcome.fix, under)
            effect = consultation.effects[policy.id]
            voices.append(Voice(policy.id, policy.title, policy.severity, effect, *said))
    return sorted(voices, key=lambda voice: (-EFFECTS.index(voice.effect), -weigh(voice.severity), voice.policy))


def _list_under(policy: Policy, word: str, consultation: Consultation) -> tuple[str, ...]:
    return tuple(approach for approach, said in consultation.outcomes.items() if said[policy.id].outcome == word)


def _hear(approach: str, standings: Mapping[str, str], voices: list[Voice], consultation: Consultation) -> Ranked:
    """Everything that is said of an approach, before it is graded."""
    as_if = judged_as(approach)
    # A policy that asks a prompt for a system prompt is no objection to the system prompt.
    against = [item for item in voices if as_if in item.under and (as_if == approach or approach not in item.instead)]
    in_favour = [item for item in voices if approach in item.instead and item not in against]
    said = consultation.outcomes[as_if]
    return Ranked(
        approach,
        SILENT,
        standings[approach],
        tuple(in_favour),
        tuple(against),
        tuple(policy.id for policy in consultation.telling if said[policy.id].outcome == "pass" and policy.instead),
        tuple(policy.id for policy in consultation.telling if said[policy.id].outcome == "unknown"),
        _find_excuses(approach, standings, in_favour, consultation),
    )


def _find_excuses(
    approach: str, standings: Mapping[str, str], in_favour: list[Voice], consultation: Consultation
) -> tuple[str, ...]:
    """The policies about what was tried that name an approach and are met without it: it is not needed here.

    Hybrid is retrieval, too, and not needed where that is not. They count for less than an objection that would
    stop the project, or is as severe.
    """
    names = {approach, "rag"} if plan_retrieval(approach) else {approach}
    if any(voice.stops for voice in in_favour) or any(standings[name] != UNTRIED for name in names):
        return ()
    heaviest = max((weigh(voice.severity) for voice in in_favour), default=0)
    return tuple(
        policy.id
        for policy in consultation.telling
        if names.intersection(policy.instead)
        and TRIED in policy.paths
        and weigh(policy.severity) > heaviest
        and _list_under(policy, "pass", consultation)
        and not _list_under(policy, "fail", consultation)
    )


def _is_viable(item: Ranked) -> bool:
    """Whether a dearer approach has to wait for this one where a policy says so."""
    if item.standing == INSUFFICIENT or item.excused_by or any(voice.stops for voice in item.against):
        return False
    return bool(item.in_favour) or item.standing == SUFFICIENT


def _grade(item: Ranked, viable: set[str]) -> Ranked:
    cheaper = viable.intersection(LADDER[: LADDER.index(item.approach)])
    # That something else could be tried as well does not undo what met the need: for that it takes a flag.
    mildest = EFFECTS.index("flag" if item.standing == SUFFICIENT else "advise")
    named = {name for voice in item.against if EFFECTS.index(voice.effect) >= mildest for name in voice.instead}
    after = tuple(name for name in LADDER if name in cheaper & named)
    return item._replace(grade=_choose_grade(item, after), after=after)


def _choose_grade(item: Ranked, after: tuple[str, ...]) -> str:
    if any(voice.stops for voice in item.against):
        return STOPPED
    if item.standing == INSUFFICIENT:
        return SPENT
    if item.standing == SUFFICIENT:
        return WAIT if after else KEEP
    if not item.in_favour or item.excused_by:
        return SILENT
    return WAIT if after else TRY
