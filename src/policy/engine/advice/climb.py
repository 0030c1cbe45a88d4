"""What to try, one after the other: the best approach, and what would be best if that fell short."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.engine.advice.ladder import suppose_short
from policy.engine.advice.ranking import rank_approaches
from policy.engine.advice.supposition import replace_claims
from policy.model.advice import TRY, Rung

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policy.engine.advice.consultation import Consultation, Panel
    from policy.model.advice import Ranked
    from policy.model.facts import Facts


def climb(panel: Panel, facts: Facts, consultation: Consultation, ranked: Sequence[Ranked]) -> tuple[Rung, ...]:
    """The approaches to try, each only if those before it fell short; none where one meets the need already.

    On the way everything that is not known stays so.
    """
    rungs: dict[str, Rung] = {}
    while ranked and ranked[0].grade == TRY and ranked[0].approach not in rungs:
        best = ranked[0]
        rungs[best.approach] = Rung(best.approach, tuple(voice.policy for voice in best.in_favour))
        facts = replace_claims(facts, (*facts.claims, suppose_short(best.approach)))
        consultation = panel.reconsult(facts, consultation)
        ranked = rank_approaches(consultation, facts)
    return tuple(rungs.values())
