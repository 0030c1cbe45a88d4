"""What is still unknown and matters for the choice, and what each answer would change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.engine.advice.consultation import is_late
from policy.engine.advice.ladder import TRIED
from policy.engine.advice.ranking import name_best, rank_approaches, weigh
from policy.engine.advice.samples import list_samples, say_sample
from policy.engine.advice.supposition import replace_claims
from policy.model.advice import KEEP, STOPPING, Change, Question
from policy.model.fact import Fact
from policy.model.schema import is_expression
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policy.engine.advice.consultation import Consultation, Panel
    from policy.model.advice import Ranked
    from policy.model.facts import Facts


class Influence(NamedTuple):
    """How far answers can move the ranking: another best approach, or another grade of any."""

    changes: tuple[Change, ...]
    regrades: bool


def list_questions(
    panel: Panel, facts: Facts, consultation: Consultation, ranked: Sequence[Ranked]
) -> tuple[Question, ...]:
    """The open questions, those first whose answers would change the advice, then those for which most waits."""
    settling = _list_settling(consultation)
    found = []
    for fact, policies in list_waiting(panel, consultation).items():
        influence = find_influence(panel, facts, fact, (consultation, ranked))
        names = tuple(sorted(policies))
        weight = sum(policies.values())
        question = Question(fact, facts.schema.fields[fact].about, names, settling[fact], influence.changes)
        # What was tried decides more than all else, and no single value of it can be supposed.
        rank = (fact != TRIED, not influence.changes, not influence.regrades, -weight, fact)
        found.append((rank, question))
    return tuple(question for _, question in sorted(found))


def list_waiting(panel: Panel, consultation: Consultation) -> dict[str, dict[str, int]]:
    """The missing facts, each with the policies that lack it and what these weigh.

    Left out is who has no bearing on the choice: what only says how something is done, and what can be known at the
    release only.
    """
    weights = {
        policy.id: weigh(policy.severity) * (2 if consultation.effects[policy.id] in STOPPING else 1)
        for policy in consultation.telling
        if (policy.instead or consultation.effects[policy.id] in STOPPING) and not is_late(panel.policy_set, policy)
    }
    waiting: dict[str, dict[str, int]] = {}
    for decision in consultation.decisions.values():
        for outcome in decision.outcomes:
            if outcome.outcome == "unknown" and outcome.policy in weights:
                for fact in outcome.missing:
                    if not is_expression(fact):
                        waiting.setdefault(fact, {})[outcome.policy] = weights[outcome.policy]
    return waiting


def _list_settling(consultation: Consultation) -> dict[str, str]:
    return {
        fact: clause
        for decision in consultation.decisions.values()
        for item in decision.not_assessed
        for fact, clause in zip(item.missing, item.settling, strict=False)
    }


def find_influence(panel: Panel, facts: Facts, path: str, present: tuple[Consultation, Sequence[Ranked]]) -> Influence:
    """What becomes of the ranking under each answer that can be supposed."""
    consultation, ranked = present
    kind = facts.schema.fields[path].kind
    changes, regrades = [], False
    for value in list_samples(kind):
        # Observed, so that it counts also where a policy asks for evidence.
        supposed = replace_claims(facts, (*facts.claims, Fact(path, value, "observed", "supposed")))
        other = rank_approaches(panel.reconsult(supposed, consultation), supposed)
        regrades = regrades or _list_grades(other) != _list_grades(ranked)
        if name_best(other) != name_best(ranked) and not _keeps(ranked, other):
            changes.append(Change(say_sample(kind, value), name_best(other)))
    return Influence(tuple(changes), regrades)


def _keeps(ranked: Sequence[Ranked], other: Sequence[Ranked]) -> bool:
    """Whether what meets the need still does, though something else that does would now stand before it."""
    return ranked[0].grade == KEEP and _list_grades(other).get(ranked[0].approach) == KEEP


def _list_grades(ranked: Sequence[Ranked]) -> dict[str, str]:
    return {item.approach: item.grade for item in ranked}
