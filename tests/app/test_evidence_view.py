from __future__ import annotations

import pytest

from policy.app.evidence_view import view_evidence
from policy.model.fact import Fact
from policy.model.policy import PolicySet
from tests.building import NOW, make_claims, make_facts, make_policy

ROWS = make_policy("policy: rows\nrequire: {data.rows: {at_least: 100}}")
CARD = make_policy("policy: card\nrequire: {release.model_card: {present: true}}")
SECRETS = make_policy("policy: secrets\nrequire: {data.secrets: 0}\nobserved: [data.secrets]")
SHARE = make_policy("policy: share\nrequire: {training.compute_share: {at_most: 0.3}}")
TUNED = make_policy("policy: tuned\nwhen: {approach: fine-tuning}\nrequire: {training.seed: {present: true}}")


def view(facts, *policies, everything=False):
    return view_evidence(PolicySet(policies), facts, NOW.date(), everything=everything)


def list_unknown(facts, *policies, everything=False):
    return {unknown.path: unknown for unknown in view(facts, *policies, everything=everything).unknown}


def test_what_a_policy_cannot_be_judged_without_is_unknown():
    unknown = list_unknown(make_facts("approach: rag"), ROWS)["data.rows"]
    assert unknown.why == "nobody states it, and nothing was observed"
    assert unknown.settle.startswith("state data.rows in the manifest: examples in the training split")
    assert unknown.policies == ("rows",)


def test_what_a_policy_fails_for_want_of_is_unknown_too():
    unknown = list_unknown(make_facts("approach: rag"), CARD)["release.model_card"]
    assert (unknown.why, unknown.policies) == ("nobody states it", ("card",))


def test_every_policy_that_asks_is_named_once_by_its_id():
    other = make_policy("policy: a-few\nrequire: {data.rows: {at_least: 1}, release.digest: {present: false}}")
    assert list_unknown(make_facts(""), ROWS, other)["data.rows"].policies == ("a-few", "rows")


@pytest.mark.parametrize("declared", ["approach: rag", "approach: fine-tuning\ntraining: {seed: 1}"])
def test_a_policy_that_does_not_apply_or_passes_asks_for_nothing(declared):
    assert list_unknown(make_facts(declared), TUNED) == {}


def test_a_policy_that_waits_for_a_parameter_asks_for_nothing():
    waiting = make_policy(
        "policy: waiting\nrequire: {data.rows: {at_least: {param: least}}}\nparams: {least: {about: x}}"
    )
    assert list_unknown(make_facts(""), waiting) == {}


def test_a_policy_of_a_gate_of_its_own_is_asked_all_the_same():
    release = make_policy("policy: release\nrequire: {data.rows: {at_least: 1}}\neffect: {release: block}")
    assert list_unknown(make_facts(""), release)["data.rows"].policies == ("release",)


def test_why_evidence_could_not_be_had_is_said_once():
    facts = make_facts("", unavailable={"data.rows": "the file is gone"})
    unknown = list_unknown(facts, ROWS)["data.rows"]
    assert unknown.why == "the file is gone"
    assert "the file is gone" not in unknown.settle


def test_what_is_declared_and_must_be_observed_is_unknown():
    unknown = list_unknown(make_facts("data: {secrets: 0}"), SECRETS)["data.secrets"]
    assert unknown.why == "it is only declared"
    assert "counts only when it is observed" in unknown.settle


def test_what_follows_from_others_says_from_which():
    declared = "model: {parameters: 7000000000}\ntraining: {epochs: 3, adapter: lora}"
    unknown = list_unknown(make_facts(declared), SHARE)["training.compute_share"]
    assert unknown.why == "it follows from data.tokens, which is not known"
    assert unknown.settle == "state data.tokens in the manifest, or supply the evidence that tells it"


def test_what_follows_from_many_does_not_name_them_twice():
    unknown = list_unknown(make_facts(""), SHARE)["training.compute_share"]
    assert unknown.why == (
        "it follows from model.parameters, data.tokens, training.epochs and training.adapter, which are not known"
    )
    assert unknown.settle.startswith("state what it follows from in the manifest")


def test_observations_that_conflict_leave_a_fact_unknown():
    first, second = (make_claims(f"data.digest: {digit * 64}", origin="observed") for digit in "ab")
    asking = make_policy("policy: kept\nrequire: {data.digest: {present: true}}")
    seen = view(make_facts("").with_claims((*first, *second)), asking)
    assert [(unknown.path, unknown.why) for unknown in seen.unknown] == [
        ("data.digest", "what was observed contradicts itself")
    ]
    assert [found.field for found in seen.contradictions] == ["data.digest"]


def test_a_fact_that_is_known_and_does_not_decide_is_named():
    asking = make_policy("policy: all\nrequire: {data.sources: {each: {require: {license: mit}}}}")
    unknown = list_unknown(make_facts("data: {sources: [{path: a}]}"), asking)["data.sources"]
    assert unknown.why == "what is known of it does not decide"


def test_what_was_sought_in_vain_is_there_though_nobody_asks():
    seen = view(make_facts("data: {rows: 7}", unavailable={"data.rows": "too slow", "data.tokens": "too slow"}))
    assert [(unknown.path, unknown.policies) for unknown in seen.unknown] == [("data.tokens", ())]
    # The manifest states the rows: they are known, and yet nothing observed them.
    assert seen.unavailable == {"data.rows": "too slow", "data.tokens": "too slow"}


def test_a_predicate_that_broke_is_why():
    facts = make_facts("", faults={"data.rows": "it took longer than 10 seconds"})
    unknown = list_unknown(facts, ROWS)["data.rows"]
    assert (unknown.why, unknown.policies) == ("it took longer than 10 seconds", ())


def test_what_nobody_asks_for_is_counted_or_named():
    counted, named = view(make_facts(""), ROWS), view(make_facts(""), ROWS, everything=True)
    assert len(counted.unknown) == 1
    assert len(named.unknown) == counted.unasked + 1
    assert named.unasked == 0
    settle = {unknown.path: unknown.settle for unknown in named.unknown}
    assert settle["owner.team"] == "state owner.team in the manifest: the team that answers for the project"
    assert settle["manifest.present"].startswith("manifest.present cannot be stated: ")


def test_approvals_come_later_and_are_not_asked_for():
    asking = make_policy("policy: approved\nrequire: {approval.current: true}")
    assert (
        list_unknown(make_facts(""), asking, everything=True)
        .keys()
        .isdisjoint({"approval.by", "approval.requested_by", "approval.current"})
    )


def test_a_policy_that_breaks_hides_nothing_else():
    # No collector can give such a value; a plugin's predicate might.
    facts = make_facts("approach: rag").with_claims([Fact("data.tokens", object(), "observed", "plugin")])
    broken = make_policy("policy: broken\nrequire: {data.tokens: {at_least: 1}}")
    assert list(list_unknown(facts, broken, ROWS)) == ["data.rows"]


def test_the_unknown_stand_in_the_order_of_the_schema():
    both = make_policy("policy: both\nrequire: {training.seed: {at_least: 1}, owner.team: a, data.rows: {at_least: 1}}")
    assert list(list_unknown(make_facts(""), both)) == ["owner.team", "data.rows", "training.seed"]
