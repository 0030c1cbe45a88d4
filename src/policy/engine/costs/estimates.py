"""The facts of a project → what each approach would cost it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.engine.costs.estimate import CostEstimate, make_estimate
from policy.engine.costs.inputs import read_inputs
from policy.model.costs.inputs import Inputs, ask, name_base
from policy.model.costs.months import take_or, work_out_month
from policy.model.costs.serving import (
    INPUT,
    count_example_tokens,
    host_on_accelerators,
    price_calls,
    price_index,
)
from policy.model.costs.training import PROVIDER, SELF_HOSTED, count_changes, tell_trainer, work_out_run
from policy.model.costs.working import NOTHING, PriceUsed, Working, add, combine, scale
from policy.model.tables import PRICES

if TYPE_CHECKING:
    from policy.model.facts import Facts

__all__ = ["CostEstimate", "PriceUsed", "estimate_costs"]

UNTRAINED = "nothing is trained: the first run and an update are a changed prompt"


def estimate_costs(facts: Facts) -> tuple[CostEstimate, ...]:
    """What each approach would cost: prompts, examples and retrieval first, then tuning, by whoever may train.

    Hybrid is told apart from fine-tuning where something is known of its retrieval.
    """
    inputs = read_inputs(facts)
    trainer = tell_trainer(inputs)
    trainers = [trainer] if trainer else [PROVIDER, SELF_HOSTED]
    tuned = [(drop_foreign(inputs, who), who) for who in trainers]
    estimates = [
        estimate_prompt(inputs, "prompt-engineering"),
        estimate_prompt(inputs, "few-shot", count_example_tokens(inputs)),
        estimate_retrieval(inputs),
        *(estimate_tuning(own, who) for own, who in tuned),
    ]
    if inputs.get("approach") == "hybrid" or inputs.get("retrieval.tokens") is not None:
        estimates += [estimate_hybrid(own, who) for own, who in tuned]
    return tuple(estimates)


def drop_foreign(inputs: Inputs, trainer: str) -> Inputs:
    """Without the cost of hosting on the project's own machines where the provider trains, and so hosts, the model."""
    if trainer != PROVIDER or inputs.get("hosting.kind") != SELF_HOSTED:
        return inputs
    dropped = ("cost.hosting_month", "hosting.kind", "hosting.billed_idle")
    return inputs._replace(values={path: value for path, value in inputs.values.items() if path not in dropped})


def estimate_prompt(inputs: Inputs, approach: str, *more: Working) -> CostEstimate:
    """The base model behind a prompt; `more` are the tokens that the prompt adds to each call."""
    free = NOTHING._replace(assumptions=(UNTRAINED,))
    month = take_month(inputs, approach, serve_base(inputs, *more))
    return make_estimate(approach, "", free, month, free)


def estimate_retrieval(inputs: Inputs) -> CostEstimate:
    """The base model with retrieved text: the index, its updates, the calls, and the store where it is stated."""
    index = price_index(inputs)
    month = add(serve_base(inputs, inputs.state("retrieval.tokens")), *keep_documents(inputs, index))
    return make_estimate("rag", "", index, take_month(inputs, "rag", month), index)


def estimate_tuning(inputs: Inputs, trainer: str) -> CostEstimate:
    """A tuned model: an update is another run."""
    run = take_run(inputs, trainer)
    month = take_month(inputs, "fine-tuning", work_out_month(inputs, trainer, retrieves=False))
    return make_estimate("fine-tuning", trainer, run, month, run)


def estimate_hybrid(inputs: Inputs, trainer: str) -> CostEstimate:
    """A tuned model with retrieved text: knowledge is taken up by the index, without another run."""
    index = price_index(inputs)
    run = add(take_run(inputs, trainer), index)
    month = add(work_out_month(inputs, trainer, retrieves=True), *keep_documents(inputs, index))
    return make_estimate("hybrid", trainer, run, take_month(inputs, "hybrid", month), index)


def take_run(inputs: Inputs, trainer: str) -> Working:
    """The cost of a run: as stated, else estimated."""
    return take_or(inputs, "cost.run", work_out_run(inputs, trainer))


def take_month(inputs: Inputs, approach: str, estimate: Working) -> Working:
    """The cost of a month: as stated for the approach that the project takes, else estimated."""
    return take_or(inputs, "cost.month", estimate) if inputs.get("approach") == approach else estimate


def serve_base(inputs: Inputs, *more: Working) -> Working:
    """A month of calls to the base model: at its provider's prices, else on accelerators of the project's own."""
    key = name_base(inputs)
    calls = price_calls(inputs, key, *more)
    if key.value is not None and inputs.lookup.find_value(PRICES, key.value, INPUT):
        return calls
    if inputs.get("hosting.kind") == SELF_HOSTED:
        hosting = take_or(inputs, "cost.hosting_month", host_on_accelerators(inputs))
        said = "the base model is hosted as the tuned one would be, and what that costs holds all calls of the month"
        return hosting._replace(assumptions=(*hosting.assumptions, said))
    return calls._replace(missing=(*calls.missing, f"for a model that the project hosts, {ask('hosting.kind')}"))


def keep_documents(inputs: Inputs, index: Working) -> list[Working]:
    """What a month of retrieval costs beside the calls."""
    store = inputs.get("retrieval.store_month")
    unstored = NOTHING._replace(
        assumptions=("the store that is searched is not counted: state `retrieval.store_month`",)
    )
    parts = [unstored if store is None else Working(store, ("retrieval.store_month",))]
    changes = count_changes(inputs)
    if index.value is None or changes.value is None:
        said = "updates of the index are not counted in the month"
        return [*parts, NOTHING._replace(assumptions=(said,))]
    return [*parts, combine(scale, index, changes)]
