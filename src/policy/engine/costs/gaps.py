"""What an estimate of a cost lacks, where nobody states the cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.engine.costs.inputs import STATED, read_inputs
from policy.model.costs.inputs import name_base
from policy.model.costs.months import work_out_month
from policy.model.costs.serving import work_out_hosting
from policy.model.costs.training import tell_trainer, work_out_run

if TYPE_CHECKING:
    from policy.model.facts import Facts


def list_gaps(path: str, facts: Facts) -> tuple[str, ...]:
    """What to give so that the cost at a path can be estimated, in plain words; nothing for any other path."""
    if path not in STATED:
        return ()
    inputs = read_inputs(facts)
    trainer = tell_trainer(inputs)
    if path == "cost.run":
        return work_out_run(inputs, trainer).missing
    if path == "cost.hosting_month":
        return work_out_hosting(inputs, name_base(inputs)).missing
    return work_out_month(inputs, trainer, retrieves=inputs.get("approach") == "hybrid").missing
