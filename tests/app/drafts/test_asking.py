"""What policies ask and nobody has told."""

from __future__ import annotations

from policy.app.drafts.asking import list_asked
from policy.model.fact import Fact
from policy.model.fields import SCHEMA
from policy.model.kinds import STRING
from policy.model.policy import PolicySet
from policy.model.schema import Field
from tests.building import NOW, make_policy

OWNER = make_policy(
    "policy: owner\nwhen: {approach: [fine-tuning]}\neffect: block\n"
    "require: {present: [owner.contact], stage: pilot, data.rows: {more_than: 0}, data.secrets: 0,\n"
    "  evidence.contradictions: 0}\n"
)
ADVICE = make_policy("policy: advice\neffect: advise\nrequire: {needs.citations: false, stage: pilot}\n")
PROVEN = make_policy("policy: proven\neffect: block\nrequire: {needs.knowledge: false}\nobserved: [needs.knowledge]\n")
RELEASE = make_policy("policy: release\neffect: {release: block}\nrequire: {budget.per_run: {at_most: 1 USD}}\n")


def ask(*told, policies=(OWNER, ADVICE), **settings):
    asked = list_asked(PolicySet(policies, **settings), told, NOW)
    return [field.path for field in asked.pressing], [field.path for field in asked.others]


def test_what_stops_comes_before_what_only_advises():
    assert ask() == (["owner.contact", "stage"], ["needs.citations"])


def test_what_evidence_tells_or_nobody_can_state_is_not_asked():
    paths = [path for part in ask() for path in part]
    assert not {"approach", "data.rows", "data.secrets", "evidence.contradictions"} & set(paths)


def test_what_is_only_estimated_is_asked():
    often = make_policy(
        "policy: often\neffect: block\nrequire: {data.change_interval: {at_least: 30d}, training.interval: 1d,\n"
        "  present: [training.commit]}\n"
    )
    assert ask(policies=(often,)) == (["data.change_interval", "training.interval"], [])


def test_what_evidence_tells_once_it_is_named_is_asked():
    tried = make_policy("policy: tried\neffect: block\nrequire: {tried: {some: {approach: few-shot}}}\n")
    terms = make_policy("policy: terms\neffect: hold\nrequire: {model.license_terms: {contains_none: [unlisted]}}\n")
    assert ask(policies=(tried, terms)) == (["model.license", "tried"], [])
    assert ask(Fact("model.license", "mit"), policies=(terms,)) == ([], [])


def test_of_what_follows_from_others_these_are_asked():
    share = make_policy("policy: share\neffect: block\nrequire: {training.compute_share: {at_most: 0.3}}\n")
    asked, _ = ask(Fact("training.epochs", 3.0), policies=(share,))
    assert "model.parameters" in asked
    assert not {"training.compute_share", "training.epochs", "data.tokens"} & set(asked)


def test_what_is_told_is_not_asked():
    assert ask(Fact("stage", "pilot")) == (["owner.contact"], ["needs.citations"])


def test_a_policy_that_does_not_concern_the_project_asks_nothing():
    assert ask(Fact("approach", "rag")) == ([], ["stage", "needs.citations"])


def test_what_counts_only_when_observed_need_not_be_stated():
    assert ask(policies=(PROVEN,)) == ([], [])


def test_a_policy_of_another_gate_can_wait():
    assert ask(policies=(RELEASE,)) == ([], ["budget.per_run"])


def test_a_policy_set_decides_what_stops():
    assert ask(policies=(ADVICE,), effects={"advice": {"default": "hold"}}) == (["stage", "needs.citations"], [])


def test_an_organisations_own_fields_are_always_asked():
    tier = Field("x.tier", STRING, "service level")
    answer = Field("x.answer", STRING, "of a plugin", writable=False)
    assert ask(policies=(ADVICE,), schema=SCHEMA.extended((tier, answer)))[0] == ["x.tier"]
    assert ask(Fact("x.tier", "gold"), policies=(ADVICE,), schema=SCHEMA.extended((tier,)))[0] == []
