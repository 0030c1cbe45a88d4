"""What an estimate of a cost lacks."""

from __future__ import annotations

import pytest

from policy.engine.costs.gaps import list_gaps
from policy.engine.settling import say_settling
from policy.model.facts import Facts
from tests.building import make_policy
from tests.model.costs.building import AT_PROVIDER, SELF_HOSTED, TRAINING_PRICE, make_priced

PRICE = "`training_per_million_tokens` of `openai/gpt-4o-mini-2024-07-18` in the table of prices"


@pytest.mark.parametrize(
    ("path", "text", "gaps"),
    [
        ("cost.run", AT_PROVIDER, (PRICE,)),
        ("cost.month", AT_PROVIDER, (PRICE,)),
        ("cost.run", SELF_HOSTED, ("`price_per_hour` of `H100-SXM` in the table of accelerators",)),
        ("cost.hosting_month", SELF_HOSTED, ("`price_per_hour` of `l40s` in the table of accelerators",)),
        ("cost.hosting_month", "stage: pilot", ("`hosting.kind` (where the model runs)",)),
        ("cost.run", "stage: pilot", ("`training.tool` (what trains)",)),
        ("data.rows", AT_PROVIDER, ()),
        ("cost.break_even_calls", AT_PROVIDER, ()),
    ],
)
def test_gaps(path, text, gaps):
    assert list_gaps(path, make_priced(text)) == gaps


def test_what_can_be_estimated_lacks_nothing():
    facts = make_priced(AT_PROVIDER, TRAINING_PRICE)
    assert [list_gaps(path, facts) for path in ("cost.run", "cost.month", "cost.hosting_month")] == [(), (), ()]


def test_whoever_needs_the_cost_is_told_which_price_would_settle_it():
    policy = make_policy("policy: p\nrequire: {cost.run: {at_most: 5 USD}}\n")
    (said,) = say_settling(policy, ("cost.run",), make_priced(AT_PROVIDER))
    assert said == (
        f"state cost.run in the manifest: cost of one training run, an estimate; or, to have it estimated, give {PRICE}"
    )


def test_other_facts_are_settled_as_ever():
    policy = make_policy("policy: p\nrequire: {owner.team: ml}\n")
    (said,) = say_settling(policy, ("owner.team",), Facts(()))
    assert said == "state owner.team in the manifest: the team that answers for the project"
