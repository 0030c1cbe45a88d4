"""What a month costs with a tuned model: its training runs, its hosting and its calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.model.costs.inputs import name_base
from policy.model.costs.serving import SERVERLESS, price_calls, tell_host, work_out_hosting
from policy.model.costs.training import SELF_HOSTED, count_runs, work_out_run
from policy.model.costs.working import Working, add, combine, scale

if TYPE_CHECKING:
    from policy.model.costs.inputs import Inputs


def take_or(inputs: Inputs, path: str, estimate: Working) -> Working:
    """What is stated, else the estimate of it."""
    stated = inputs.get(path)
    return estimate if stated is None else Working(stated, (path,))


def work_out_month(inputs: Inputs, trainer: str, *, retrieves: bool) -> Working:
    """Runs a month · cost of a run + hosting + calls; where machines are paid for, calls cost nothing beside them."""
    run = take_or(inputs, "cost.run", work_out_run(inputs, trainer))
    runs = combine(scale, run, count_runs(inputs))
    hosting = take_or(inputs, "cost.hosting_month", work_out_hosting(inputs, name_base(inputs), trainer))
    if tell_host(inputs, trainer) in (SELF_HOSTED, SERVERLESS):
        said = "what hosting costs holds all calls of the month"
        return add(runs, hosting._replace(assumptions=(*hosting.assumptions, said)))
    more = (inputs.state("retrieval.tokens"),) if retrieves else ()
    return add(runs, hosting, price_calls(inputs, name_base(inputs, tuned=True), *more))
