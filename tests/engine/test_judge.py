"""From outcome to verdict: which policies a gate judges, what each outcome does there, and what softens it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from policy.engine import judges
from policy.engine.plan import NO_APPROVERS, NO_WAY_ON
from policy.errors import Location
from policy.language import compiler
from policy.model.approval import Approval
from policy.model.decision import Decision, Outcome, Subject
from policy.model.fact import ABSENT, Fact
from policy.model.gates import EFFECTS, GATES, MODES
from policy.model.policy import GateSettings, Policy
from policy.model.waiver import Waiver
from tests.building import NOW, decide, make_facts, make_policy

SUBJECT = Subject("reply-tone", "ml-manifest.yaml")
STATED = {"pass": "pilot", "fail": "production"}


def make(effect: str = "block", name: str = "test-policy", extra: str = "", stage: str = "pilot") -> Policy:
    """A policy that asks for a stage."""
    return make_policy(f"policy: {name}\nrequire: {{stage: {stage}}}\neffect: {effect}\n{extra}")


def facts_for(outcome: str):
    """Facts that give the outcome."""
    return make_facts(f"stage: {STATED[outcome]}" if outcome in STATED else "", subject=SUBJECT)


def outcome_of(decision: Decision) -> Outcome:
    (outcome,) = decision.outcomes
    return outcome


def acts(decision: Decision) -> tuple[str, str | None, str | None]:
    """The outcome, its effect, and the effect that was kept back."""
    outcome = outcome_of(decision)
    return outcome.outcome, outcome.effect, outcome.would_be


def judge_at(gate: str, outcome: str, effect: str = "block", extra: str = "", **settings) -> Decision:
    return decide(make(effect, extra=extra), facts_for(outcome), gate=gate, has_ledger=True, **settings)


# 1. Which policies a gate judges


@pytest.mark.parametrize("gate", GATES)
def test_a_gate_judges_what_names_it_or_has_a_default(gate):
    policies = (
        make("block", "default-one"),
        make("{commit: flag, ci: block}", "named-two"),
        make("{release: hold, default: flag}", "both-three"),
    )
    judged = [outcome.policy for outcome in decide(policies, facts_for("fail"), gate=gate).outcomes]
    assert judged == ["both-three", "default-one", *(["named-two"] if gate in ("commit", "ci") else [])]


def test_a_policy_set_can_add_a_gate_and_change_an_effect():
    policy = make("{commit: flag}")
    assert decide(policy, facts_for("fail"), gate="run").outcomes == ()
    effects = {"test-policy": {"run": "block"}}
    assert acts(decide(policy, facts_for("fail"), gate="run", effects=effects)) == ("fail", "block", None)
    assert acts(decide(policy, facts_for("fail"), gate="commit", effects=effects)) == ("fail", "flag", None)


def test_no_policy_at_a_gate_is_an_allow_without_outcomes():
    decision = decide(make("{commit: flag}"), facts_for("fail"), gate="run")
    assert (decision.verdict, decision.outcomes) == ("allow", ())


# 2. The effect of each outcome

UNKNOWN = {"block": "hold", "hold": "flag", "flag": "advise", "advise": "advise"}


@pytest.mark.parametrize("effect", EFFECTS)
def test_a_failure_does_what_the_policy_says(effect):
    assert acts(judge_at("run", "fail", effect)) == ("fail", effect, None)


@pytest.mark.parametrize("effect", EFFECTS)
def test_an_unknown_is_one_step_milder(effect):
    assert acts(judge_at("run", "unknown", effect)) == ("unknown", UNKNOWN[effect], None)


@pytest.mark.parametrize("effect", EFFECTS)
def test_an_unknown_can_do_the_same_or_what_the_policy_says(effect):
    assert acts(judge_at("run", "unknown", effect, "on_unknown: same")) == ("unknown", effect, None)
    assert acts(judge_at("run", "unknown", "advise", f"on_unknown: {effect}")) == ("unknown", effect, None)
    assert acts(judge_at("run", "fail", effect, "on_unknown: advise")) == ("fail", effect, None)


@pytest.mark.parametrize("effect", EFFECTS)
def test_an_error_does_what_the_gate_says(effect, broken):
    gates = {"run": GateSettings(on_error=effect)}
    assert acts(decide(make("advise"), broken, gate="run", gates=gates, has_ledger=True)) == ("error", effect, None)


def test_an_error_blocks_where_no_gate_says_otherwise(broken):
    decision = decide(make("advise"), broken, gate="run")
    assert acts(decision) == ("error", "block", None)
    assert decision.verdict == "block"


@pytest.mark.parametrize("outcome", ["pass", "not-applicable"])
def test_other_outcomes_do_nothing(outcome):
    extra = "when: {stage: production}" if outcome == "not-applicable" else ""
    assert acts(judge_at("run", "pass", extra=extra)) == (outcome, None, None)


def test_a_parameter_without_a_value_leaves_its_policy_not_applicable():
    policy = make_policy(
        "require: {model.base: {one_of: {param: approved}}}\nparams: {approved: {about: Approved models}}"
    )
    facts = make_facts("model: {base: a}")
    decision = decide(policy, facts)
    assert acts(decision) == ("not-applicable", None, None)
    assert outcome_of(decision).note == "parameter not set: approved"
    (lacking,) = decision.not_assessed
    assert lacking.missing == ("test-policy.approved",)
    assert lacking.settle == "set test-policy.approved under `params` in the policy set"
    settled = decide(policy, facts, params={"test-policy.approved": ("a",)})
    assert (acts(settled), settled.not_assessed) == (("pass", None, None), ())


def test_on_unknown_of_a_policy_does_not_touch_its_errors(broken):
    assert acts(decide(make("flag", extra="on_unknown: advise"), broken, gate="run")) == ("error", "block", None)


# 3. Waivers


def waive(**changes) -> Waiver:
    given = {"policy": "test-policy", "subject": "reply-tone", "reason": "moving", "expires": NOW.date()}
    return Waiver(**{**given, **changes})


@pytest.mark.parametrize(("outcome", "effect"), [("fail", "block"), ("unknown", "hold")])
def test_a_waiver_covers_fail_and_unknown_and_shows_what_would_have_been(outcome, effect):
    decision = decide(make(), facts_for(outcome), gate="run", waivers=(waive(),))
    assert acts(decision) == ("waived", None, effect)
    assert decision.verdict == "allow"
    assert outcome_of(decision).note == f"waived until 2026-11-20; without the waiver: {outcome}"
    assert outcome_of(decision).because


def test_what_a_waiver_and_a_mode_keep_back_is_what_the_policy_says():
    decision = decide(make(), facts_for("fail"), gate="run", waivers=(waive(),), modes={"test-policy": "flag"})
    assert acts(decision) == ("waived", None, "block")


def test_a_waiver_never_covers_an_error(broken):
    assert acts(decide(make(), broken, gate="run", waivers=(waive(),))) == ("error", "block", None)


def test_a_waiver_leaves_a_pass_alone():
    assert acts(decide(make(), facts_for("pass"), waivers=(waive(),))) == ("pass", None, None)


@pytest.mark.parametrize(
    ("changes", "covers"),
    [
        ({"expires": date(2026, 11, 20)}, True),
        ({"expires": date(2026, 11, 19)}, False),
        ({"policy": "another"}, False),
        ({"subject": "reply-*"}, True),
        ({"subject": "Reply-*"}, False),
        ({"subject": "*"}, True),
        ({"subject": "reply"}, False),
    ],
    ids=str,
)
def test_which_policy_subject_and_day_a_waiver_covers(changes, covers):
    decision = decide(make(), facts_for("fail"), gate="run", waivers=(waive(**changes),))
    assert outcome_of(decision).outcome == ("waived" if covers else "fail")


def test_a_waiver_holds_to_the_end_of_its_day_in_utc():
    late = datetime(2026, 11, 21, 1, tzinfo=UTC).astimezone()
    last = datetime.fromisoformat("2026-11-21T01:00:00+02:00")
    assert outcome_of(decide(make(), facts_for("fail"), waivers=(waive(),), now=last)).outcome == "waived"
    assert outcome_of(decide(make(), facts_for("fail"), waivers=(waive(),), now=late)).outcome == "fail"


# 5. Modes

CAPPED: dict[str, dict[str, str | None]] = {
    "enforce": {effect: effect for effect in EFFECTS},
    "flag": {"advise": "advise", "flag": "flag", "hold": "flag", "block": "flag"},
    "observe": dict.fromkeys(EFFECTS),
}


@pytest.mark.parametrize("effect", EFFECTS)
@pytest.mark.parametrize("of_policy", MODES)
@pytest.mark.parametrize("of_gate", MODES)
def test_the_milder_mode_of_gate_and_policy_caps(of_gate, of_policy, effect, broken):
    gates, modes = {"run": GateSettings(mode=of_gate, on_error=effect)}, {"test-policy": of_policy}
    mode = min(of_gate, of_policy, key=MODES.index)
    capped = CAPPED[mode].get(effect)
    kept = None if capped == effect else effect
    for outcome, facts in (("fail", facts_for("fail")), ("error", broken)):
        decision = decide(make(effect), facts, gate="run", gates=gates, modes=modes, has_ledger=True)
        assert acts(decision) == (outcome, capped, kept)
        assert outcome_of(decision).note == (f"the mode is {mode}" if kept else "")
        assert decision.mode == of_gate


def test_the_mode_caps_unknown_outcomes_after_they_are_made_milder():
    decision = judge_at("run", "unknown", "block", modes={"test-policy": "flag"})
    assert acts(decision) == ("unknown", "flag", "hold")


def test_observe_shows_what_would_block_and_allows():
    decision = judge_at("run", "fail", gates={"run": GateSettings(mode="observe")})
    assert acts(decision) == ("fail", None, "block")
    assert (decision.verdict, decision.mode) == ("allow", "observe")


# 6. The verdict


@pytest.mark.parametrize(
    ("effects", "verdict"),
    [
        ([], "allow"),
        (["advise"], "allow"),
        (["advise", "flag"], "flag"),
        (["hold", "flag"], "hold"),
        (["hold", "block", "advise"], "block"),
    ],
    ids=str,
)
def test_the_verdict_is_the_hardest_effect(effects, verdict):
    policies = tuple(make(effect, f"policy-{effect}") for effect in effects)
    assert (
        decide((*policies, make(name="passes", stage="production")), facts_for("fail"), gate="run").verdict == verdict
    )


@pytest.mark.parametrize("gate", GATES)
@pytest.mark.parametrize("ledger", [True, False])
def test_where_nobody_can_approve_a_hold_acts_as_a_flag_and_says_so(gate, ledger):
    decision = decide(make("hold"), facts_for("fail"), gate=gate, has_ledger=ledger)
    flags = gate in ("check", "commit", "ci") and not ledger
    assert acts(decision) == (("fail", "flag", "hold") if flags else ("fail", "hold", None))
    assert outcome_of(decision).note == ("" if ledger else NO_APPROVERS if flags else NO_WAY_ON)
    assert decision.verdict == ("flag" if flags else "hold")


def test_a_hold_of_an_unknown_or_an_error_acts_as_a_flag_there_too(broken):
    assert acts(decide(make("block"), facts_for("unknown"), gate="ci")) == ("unknown", "flag", "hold")
    gates = {"ci": GateSettings(on_error="hold")}
    assert acts(decide(make("block"), broken, gate="ci", gates=gates)) == ("error", "flag", "hold")


# Approvals


def approve(stake: str, **changes) -> Approval:
    given = {"by": "ann@example.com", "requested_by": "bob@example.com", "gate": "run", "stake": stake}
    return Approval(**{**given, **changes})


def judge_hold(*approvals: Approval, facts=None, policies=None, gate: str = "run") -> Decision:
    return decide(policies or make("hold"), facts or facts_for("fail"), gate=gate, approvals=approvals)


def test_a_hold_with_a_current_independent_approval_is_allowed():
    held = judge_hold()
    assert (held.verdict, held.stake[:7]) == ("hold", "sha256:")
    approved = judge_hold(approve(held.stake))
    assert (approved.verdict, approved.stake) == ("allow", held.stake)
    assert acts(approved) == ("fail", "hold", None)
    assert approved.basis == held.basis
    assert approved.id != held.id


@pytest.mark.parametrize(
    ("by", "requested_by"),
    [
        ("bob@example.com", "bob@example.com"),
        ("Bob@Example.com", "bob@example.com"),
        (" bob@example.com\n", "bob@example.com"),
        ("Bob  B. Builder", "bob b. builder"),
        ("Jose\u0301", "jos\u00e9"),
        ("\uff42ob", "bob"),
        ("STRASSE", "stra\u00dfe"),
        ("", "bob@example.com"),
        (" ", "bob@example.com"),
    ],
)
def test_nobody_approves_for_themselves(by, requested_by):
    held = judge_hold()
    assert judge_hold(approve(held.stake, by=by, requested_by=requested_by)).verdict == "hold"


def test_one_good_approval_among_others_is_enough():
    held = judge_hold()
    own = approve(held.stake, by="bob@example.com")
    assert judge_hold(own, approve("sha256:old"), approve(held.stake)).verdict == "allow"
    assert judge_hold(own, approve("sha256:old")).verdict == "hold"


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({"expires": NOW + timedelta(seconds=1)}, "allow"),
        ({"expires": NOW}, "hold"),
        ({"expires": NOW - timedelta(days=1)}, "hold"),
        ({"gate": "release"}, "hold"),
    ],
    ids=str,
)
def test_an_approval_that_is_not_current_does_not_count(changes, verdict):
    held = judge_hold()
    assert judge_hold(approve(held.stake, **changes)).verdict == verdict


@pytest.mark.parametrize("stake", ["", "sha256:other"])
def test_an_approval_of_something_else_does_not_count(stake):
    assert judge_hold(approve(stake)).verdict == "hold"


def test_an_approval_lifts_no_block():
    policies = (make("hold", "one"), make("block", "two"))
    stake = judge_hold(policies=policies).stake
    assert judge_hold(approve(stake), policies=policies).verdict == "block"


def test_an_approval_leaves_flags():
    policies = (make("hold", "one"), make("flag", "two"))
    stake = judge_hold(policies=policies).stake
    assert judge_hold(approve(stake), policies=policies).verdict == "flag"


# What an approval binds to

AT_STAKE = "stage: production\ntraining: {config: train.yaml}\ndata: {digest: abc1234, rows: 5}"


@pytest.mark.parametrize(
    ("declared", "same"),
    [
        (AT_STAKE, True),
        (f"owner: {{team: ml}}\n{AT_STAKE}", True),
        (AT_STAKE.replace("rows: 5", "rows: 6"), True),
        (AT_STAKE.replace("production", "retired"), False),
        (AT_STAKE.replace("abc1234", "abc1235"), False),
        (AT_STAKE.replace("train.yaml", "other.yaml"), False),
        (AT_STAKE.replace("\ntraining: {config: train.yaml}", ""), False),
    ],
)
def test_an_approval_holds_as_long_as_nothing_at_stake_changes(declared, same):
    stake = judge_hold(facts=make_facts(AT_STAKE)).stake
    changed = judge_hold(approve(stake), facts=make_facts(declared))
    assert changed.verdict == ("allow" if same else "hold")


UNCONFIGURED = "stage: production\nmodel: {base: acme/one, revision: abc1234}"
CONFIGURED = f"{UNCONFIGURED}\ntraining: {{config: train.yaml}}"


@pytest.mark.parametrize(
    ("approved", "declared", "same"),
    [
        (UNCONFIGURED, f"owner: {{team: ml}}\n{UNCONFIGURED}", True),
        (UNCONFIGURED, UNCONFIGURED.replace("one", "two"), False),
        (UNCONFIGURED, UNCONFIGURED.replace("abc1234", "fff1234"), False),
        (UNCONFIGURED, CONFIGURED, False),
        (CONFIGURED, CONFIGURED.replace("one", "two"), True),
    ],
)
def test_the_base_model_is_at_stake_where_no_training_config_says_what_is_trained(approved, declared, same):
    stake = judge_hold(facts=make_facts(approved)).stake
    assert judge_hold(approve(stake), facts=make_facts(declared)).verdict == ("allow" if same else "hold")


LICENSED = make_policy(
    "policy: licensed\nrequire: {model.license_terms: {contains_none: [research-only]}}\neffect: hold\non_unknown: hold"
)


@pytest.mark.parametrize("changed", ["model: {license: acme-two}", "model: {}", "model: {license: cc-by-nc-4.0}"])
def test_what_is_not_known_has_at_stake_what_would_tell_it(changed):
    """Two licences that no table has leave their terms unknown alike."""
    held = judge_hold(facts=make_facts("model: {license: acme-one}"), policies=(LICENSED,))
    assert held.outcomes[0].outcome == "unknown"
    again = judge_hold(approve(held.stake), facts=make_facts("model: {license: acme-one}"), policies=(LICENSED,))
    assert again.verdict == "allow"
    other = judge_hold(approve(held.stake), facts=make_facts(changed), policies=(LICENSED,))
    assert other.stake != held.stake
    assert other.verdict == ("allow" if other.outcomes[0].outcome == "pass" else "hold")


def test_another_failure_is_at_stake_too():
    few = make_policy("policy: few\nrequire: {data.rows: {at_least: 5}}\neffect: advise")
    policies = (make("hold"), few)
    stake = judge_hold(facts=make_facts(AT_STAKE), policies=policies).stake
    worse = make_facts(AT_STAKE.replace("rows: 5", "rows: 4"))
    assert judge_hold(approve(stake), facts=worse, policies=policies).verdict == "hold"


def test_a_changed_training_config_is_at_stake():
    def facts(digest: str):
        known = make_facts("stage: production")
        config = make_facts(observed="training: {config: train.yaml}").claims[0]
        return known.with_claims([config._replace(digest=digest)])

    stake = judge_hold(facts=facts("sha256:1")).stake
    assert judge_hold(approve(stake), facts=facts("sha256:1")).verdict == "allow"
    assert judge_hold(approve(stake), facts=facts("sha256:2")).verdict == "hold"


SEED = make_policy("policy: seed\nrequire: {present: [training.seed, training.commit]}\neffect: hold")


@pytest.mark.parametrize(
    ("value", "origin", "same"),
    [
        ("1111111", "observed", True),
        ("2222222", "observed", True),
        # Another commit is another training to those who say so, and to nobody else.
        ("1111111", "declared", False),
        ("2222222", "attested", False),
        (ABSENT, "observed", False),
        (None, "observed", False),
    ],
)
def test_which_commit_is_checked_out_is_not_at_stake(value, origin, same):
    def facts(value, origin):
        claims = [] if value is None else [Fact("training.commit", value, origin)]
        return make_facts(AT_STAKE).with_claims(claims)

    stake = judge_hold(facts=facts("1111111", "observed"), policies=SEED).stake
    assert judge_hold(approve(stake), facts=facts(value, origin), policies=SEED).verdict == (
        "allow" if same else "hold"
    )


def test_a_commit_that_is_declared_is_at_stake():
    stakes = {judge_hold(facts=make_facts(f"training.commit: {name}"), policies=SEED).stake for name in ("a", "b", "c")}
    assert len(stakes) == 3


APPROVED = """\
policy: approved
require: {approval.current: true, approval.by: {not_equals: {field: approval.requested_by}}}
effect: hold
on_unknown: same
"""


def test_a_policy_can_ask_for_the_approval_itself():
    policy = make_policy(APPROVED)
    asked = judge_hold(policies=policy)
    assert (asked.verdict, acts(asked)[0]) == ("hold", "fail")
    assert asked.stake
    assert acts(judge_hold(approve(asked.stake), policies=policy))[0] == "pass"
    assert judge_hold(approve(asked.stake), policies=policy).verdict == "allow"
    assert acts(judge_hold(approve("sha256:old"), policies=policy))[0] == "fail"
    assert acts(judge_hold(approve(asked.stake, by="bob@example.com"), policies=policy))[0] == "fail"


def test_what_approvals_tell_is_no_part_of_the_basis():
    policy = make_policy(APPROVED)
    asked = judge_hold(policies=policy)
    approved = judge_hold(approve(asked.stake), policies=policy)
    assert approved.basis == asked.basis
    assert approved.approvals != asked.approvals


EXEMPTING = """
policy: exempting
require: {any: [{data.change_interval: {at_least: 30d}}, {approval.current: true}]}
effect: hold
"""


@pytest.mark.parametrize(("interval", "verdict"), [("7d", "allow"), ("1d", "hold"), ("40d", "allow")])
def test_what_a_policy_reads_beside_the_approval_is_at_stake(interval, verdict):
    """Otherwise a yes to one thing would be a yes to everything that such a policy asks."""
    policies, first = make_policy(EXEMPTING), make_facts("data: {change_interval: 7d}")
    held = judge_hold(facts=first, policies=policies)
    assert held.verdict == "hold"
    approval = approve(held.stake)
    assert judge_hold(approval, facts=first, policies=policies).stake == held.stake
    now = make_facts(f"data: {{change_interval: {interval}}}")
    assert judge_hold(approval, facts=now, policies=policies).verdict == verdict


def test_a_hold_that_an_approval_does_not_meet_is_not_lifted_by_it():
    text = "policy: by-ann\nrequire: {approval.by: {equals: ann@example.com}}\neffect: hold\n"
    policies = make_policy(text)
    facts = make_facts("project: p")
    held = judge_hold(facts=facts, policies=policies)
    assert held.verdict == "hold"
    assert judge_hold(approve(held.stake, by="mallory@example.com"), facts=facts, policies=policies).verdict == "hold"
    assert judge_hold(approve(held.stake), facts=facts, policies=policies).verdict == "allow"


# Subjects without a manifest


def test_failures_of_an_undeclared_subject_act_and_unknowns_do_not():
    policies = (make("block", "fails"), make_policy("policy: lacks\nrequire: {data.rows: 5}\neffect: block"))
    facts = make_facts(observed="manifest.present: false\nstage: production", subject=Subject("", None, "train.yaml"))
    decision = decide(policies, facts, gate="run")
    assert [(outcome.outcome, outcome.effect) for outcome in decision.outcomes] == [
        ("fail", "block"),
        ("unknown", None),
    ]
    assert "without a manifest" in decision.outcomes[1].note
    assert decision.outcomes[1].location == Location("train.yaml")


def test_on_unknown_does_not_reach_an_undeclared_subject():
    facts = make_facts(observed="manifest.present: false")
    assert acts(decide(make(extra="on_unknown: same"), facts, gate="run")) == ("unknown", None, None)


# Faults


@pytest.fixture
def broken():
    return make_facts("stage: pilot", faults={"stage": "the predicate was killed after 10 s"}, subject=SUBJECT)


def test_a_policy_that_reads_what_broke_errs(broken):
    decision = decide((make(), make_policy("policy: zz\nrequire: {present: [project]}")), broken, gate="run")
    assert [outcome.outcome for outcome in decision.outcomes] == ["error", "fail"]
    error = decision.outcomes[0]
    assert (error.message, error.severity) == ("the predicate was killed after 10 s", "medium")
    assert error.location == Location("ml-manifest.yaml")
    assert decision.not_assessed[0] == ("test-policy", (), ("the predicate was killed after 10 s",))


def test_a_policy_that_reads_what_broke_in_when_errs(broken):
    policy = make_policy("when: {stage: production}\nrequire: {data.rows: 5}")
    assert acts(decide(policy, broken))[0] == "error"


def fail(*_):
    raise ZeroDivisionError("no rows")


def test_a_policy_that_raises_is_an_error(monkeypatch):
    monkeypatch.setattr(judges, "judge_policy", fail)
    decision = decide(make("advise"), facts_for("pass"), gate="run")
    assert (acts(decision), decision.verdict) == (("error", "block", None), "block")
    assert outcome_of(decision).message == "it could not be judged: ZeroDivisionError: no rows"


def test_a_compiled_policy_that_raises_is_an_error(monkeypatch):
    monkeypatch.setattr(judges, "WALKS", 0)
    monkeypatch.setattr(compiler, "compile_policies", lambda policies: [fail for _ in policies])
    decision = decide(make("advise"), facts_for("pass"), gate="run")
    assert (acts(decision), decision.verdict) == (("error", "block", None), "block")
    assert outcome_of(decision).message == "it could not be judged: ZeroDivisionError: no rows"


def test_an_explanation_that_raises_is_an_error_too(monkeypatch):
    monkeypatch.setattr("policy.language.explanation.Explainer.explain", fail)
    assert acts(decide(make(), facts_for("fail"), gate="run")) == ("error", "block", None)


# What an outcome says


def test_a_failure_says_what_was_found_and_what_to_do():
    policy = make_policy(
        """\
require: {data.change_interval: {at_least: {param: shortest}}}
params: {shortest: {default: 30d, about: How long the data must stay valid}}
effect: block
instead: [rag]
fix: Show that the data changes less often than {shortest}.
"""
    )
    decision = decide(policy, make_facts("project: a\ndata:\n  change_interval: 7d"), gate="run")
    outcome = outcome_of(decision)
    assert (outcome.outcome, outcome.effect, outcome.instead) == ("fail", "block", ("rag",))
    assert outcome.fix == "Show that the data changes less often than 30 days."
    assert outcome.location == Location("ml-manifest.yaml", 3, 20, 3, 22)
    assert "7 days" in outcome.message
    assert "30 days" in outcome.message
    (reason,) = outcome.because
    assert (reason.field, reason.test, reason.expected) == ("data.change_interval", "at_least", "30d")
    assert (reason.actual, reason.origin, reason.result) == ("7d", "declared", "false")
    assert decision.not_assessed == ()


def test_an_unknown_names_what_would_settle_it():
    decision = decide(make(), facts_for("unknown"), gate="run")
    assert outcome_of(decision).missing == ("stage",)
    (lacking,) = decision.not_assessed
    assert (lacking.policy, lacking.missing) == ("test-policy", ("stage",))
    assert "stage" in lacking.settle


def test_contradictions_are_findings_of_their_own():
    facts = make_facts("data: {rows: 100}", observed="data: {rows: 50}", source="data files")
    decision = decide(make_policy("require: {data.rows: {at_least: 60}}"), facts)
    assert acts(decision)[0] == "fail"
    (finding,) = decision.contradictions
    assert (finding.field, finding.declared, finding.observed, finding.source) == (
        "data.rows",
        "100",
        "50",
        "data files",
    )
    assert finding.declared_at == Location("ml-manifest.yaml", 1, 14, 1, 17)


def test_outcomes_stand_in_the_order_of_their_ids():
    policies = tuple(make(name=name) for name in ("b", "a", "c"))
    assert [outcome.policy for outcome in decide(policies, facts_for("fail")).outcomes] == ["a", "b", "c"]
    assert decide(policies, facts_for("fail")) == decide(policies[::-1], facts_for("fail"))


def test_a_time_without_a_time_zone_is_refused():
    with pytest.raises(ValueError, match="needs a time zone"):
        decide(make(), facts_for("fail"), now=datetime(2026, 1, 1))  # noqa: DTZ001 - the point of the test
