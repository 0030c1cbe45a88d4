"""What to ask somebody of whose project nothing is written down yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from policy.engine.advice.ladder import TRIED
from policy.engine.advice.samples import list_samples
from policy.model.advice import STOPPING

if TYPE_CHECKING:
    from collections.abc import Collection

    from policy.engine.advice.consultation import Panel
    from policy.model.facts import Facts
    from policy.model.schema import Field

MOST_QUESTIONS: Final = 10
# What people know of a project before it begins, the most telling first; of these only what a policy asks for.
FIRST_ASKED: Final = (
    "purpose",
    "needs.knowledge",
    "needs.citations",
    "data.change_interval",
    "data.rows",
    TRIED,
    "system.kind",
    "needs.varied_tasks",
    "needs.latency_p95",
    "owner.training_experience",
    "stage",
)


def choose_question(panel: Panel, facts: Facts, asked: Collection[str]) -> Field | None:
    """The next fact to ask for, as far as the answers so far leave it open; None where enough was asked.

    An organisation's own fields come first where its policies tell approaches apart by them.
    """
    if len(asked) >= MOST_QUESTIONS:
        return None
    read = _list_read(panel, facts)
    own = (
        path for path in facts.schema.fields if path.startswith("x.") and _can_be_answered(facts.schema.fields[path])
    )
    for path in (*own, *FIRST_ASKED):
        if path in read and path not in asked and path not in facts.judged:
            return facts.schema.fields[path]
    return None


def _list_read(panel: Panel, facts: Facts) -> set[str]:
    """The facts that policies read which still tell approaches apart, and say what instead or would stop some."""
    consultation = panel.consult(facts)
    return {
        path
        for policy in consultation.telling
        if policy.instead or consultation.effects[policy.id] in STOPPING
        for path in policy.paths - policy.observed
    }


def _can_be_answered(field: Field) -> bool:
    """Whether a word or a number answers it."""
    return field.writable and bool(list_samples(field.kind))
