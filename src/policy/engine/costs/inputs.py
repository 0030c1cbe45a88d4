"""A project's facts, as costs are worked out from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.model.costs.inputs import Inputs
from policy.model.fact import ABSENT
from policy.model.facts import plain_value
from policy.model.tables import Lookup

if TYPE_CHECKING:
    from policy.model.fact import Fact
    from policy.model.facts import Facts

STATED = ("cost.run", "cost.month", "cost.hosting_month")


def read_inputs(facts: Facts) -> Inputs:
    """What is known, without the estimates of costs, which are made anew with all that is behind them."""
    values = {
        path: plain_value(fact.value)
        for path, fact in facts.judged.items()
        if fact.value is not ABSENT and not (path in STATED and is_derived(fact))
    }
    return Inputs(values, Lookup(facts.tables, facts.today))


def is_derived(fact: Fact) -> bool:
    """Whether an amount follows from other facts, rather than being told."""
    return fact.origin == "estimated" and fact.source.startswith("derived from ")
