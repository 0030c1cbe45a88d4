"""What is said where the policies of a base cannot be read: nothing else may judge, and how it can be mended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.app.checking import Check
from policy.errors import PolicyError, Problem
from policy.reports.text_summary import VERDICT_WORDS

if TYPE_CHECKING:
    from policy.app.checking import CheckRequest
    from policy.app.trusted.base import Base


def explain_broken_base(request: CheckRequest, base: Base) -> Problem:
    """That the base must be mended first, and what the proposal's own policies would say, as far as they load."""
    said = f"the policies at {base.shown} cannot be read, and no others may judge this change"
    remedy = f"mend them at {base.revision} first: whoever may merge past this check merges that by itself"
    if base.proposal is not None:
        said += _judge_by_proposal(request, base)
    return Problem(said, remedy)


def _judge_by_proposal(request: CheckRequest, base: Base) -> str:
    try:
        check = Check(request._replace(base=base._replace(by_proposal=True), formats=(("short", False),)))
        for _ in check.run():
            pass
    except PolicyError:
        return "; those that it proposes cannot be read either"
    verdicts = check.summary.verdicts
    counts = [f"{verdicts[verdict]:,} {word}" for verdict, word in VERDICT_WORDS.items() if verdicts[verdict]]
    return f"; by those that it proposes, which enforce nothing: {', '.join(counts) or 'nothing to judge'}"
