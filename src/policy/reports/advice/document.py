"""Advice as JSON, by the contract `policy-advice/1` that other programs read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from policy.model.kinds import MONEY
from policy.reports.advice.wording import say_recommendation
from policy.reports.json_report import problem_document, write_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policy.errors import Problem
    from policy.model.advice import Advice, Cost, Question, Ranked, Voice
    from policy.model.money import Money

FORMAT: Final = "policy-advice/1"


def write_document(given: Sequence[Advice], problems: Sequence[Problem]) -> str:
    """The whole report, one project a line."""
    errors = [problem_document(problem) for problem in problems if problem.level == "error"]
    warnings = [problem_document(problem) for problem in problems if problem.level != "error"]
    lines = ",\n".join(write_json(advice_document(advice)) for advice in given)
    return (
        f'{{"format": {write_json(FORMAT)},\n "advice": [\n{lines}\n ],\n'
        f' "errors": {write_json(errors)},\n "warnings": {write_json(warnings)}}}\n'
    )


def advice_document(advice: Advice) -> dict[str, Any]:
    """The advice about one project, every key always there."""
    return {
        "project": advice.subject.project,
        "manifest": advice.subject.manifest,
        "training_config": advice.subject.training_config,
        "present": advice.present,
        "best": advice.best,
        "recommendation": say_recommendation(advice),
        "ranked": [ranked_document(item) for item in advice.ranked],
        "tried": dict(advice.standings),
        "ladder": [{"approach": rung.approach, "policies": list(rung.policies)} for rung in advice.ladder],
        "questions": [question_document(question) for question in advice.questions],
        "costs": [cost_document(cost) for cost in advice.costs],
        "faults": [{"policy": fault.policy, "message": fault.message} for fault in advice.faults],
        "time": advice.time,
        "policy_set": advice.policy_set,
        "engine": advice.engine,
    }


def ranked_document(item: Ranked) -> dict[str, Any]:
    """One approach and who speaks for and against it."""
    return {
        "approach": item.approach,
        "grade": item.grade,
        "standing": item.standing,
        "for": [voice_document(voice) for voice in item.in_favour],
        "against": [voice_document(voice) for voice in item.against],
        "passed": list(item.passed),
        "unsettled": list(item.unsettled),
        "excused_by": list(item.excused_by),
        "after": list(item.after),
    }


def voice_document(voice: Voice) -> dict[str, Any]:
    """One policy that speaks."""
    return {
        "policy": voice.policy,
        "title": voice.title,
        "severity": voice.severity,
        "effect": voice.effect,
        "message": voice.message,
        "instead": list(voice.instead),
        "fix": voice.fix,
        "under": list(voice.under),
    }


def question_document(question: Question) -> dict[str, Any]:
    """One fact that is not known."""
    return {
        "fact": question.fact,
        "about": question.about,
        "policies": list(question.policies),
        "settle": question.settle,
        "changes": [{"answer": change.answer, "best": change.best} for change in question.changes],
    }


def cost_document(cost: Cost) -> dict[str, Any]:
    """What one approach would cost."""
    return {
        "approach": cost.approach,
        "variant": cost.variant or None,
        "run": money_document(cost.run),
        "month": money_document(cost.month),
        "update": money_document(cost.update),
        "assumptions": list(cost.assumptions),
        "prices": [
            {
                "what": price.what,
                "amount": money_document(price.amount),
                "source": price.source,
                "date": price.date.isoformat() if price.date else None,
            }
            for price in cost.prices
        ],
        "missing": list(cost.missing),
        "lacks": {name: list(missing) for name, missing in cost.lacks},
    }


def money_document(amount: Money | None) -> dict[str, Any] | None:
    """An amount and its currency; None where it is not known."""
    return None if amount is None else dict(MONEY.encode(amount))
