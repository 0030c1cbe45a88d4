"""What is known, better, worse and new; and that nothing new passes for something known."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.app.baselines.comparing import Comparer, covers, find_verdict
from policy.model.baseline import Baseline, BaselineEntry, Comparison
from policy.model.decision import Decision, Subject
from policy.model.fields import SCHEMA
from policy.model.gates import VERDICTS, hardest_verdict
from policy.model.policy import GateSettings
from policy.model.waiver import Waiver
from policy.reports.fingerprints import fingerprint_findings
from tests.app.baselines.building import DAY, FILE, LATER, compare, find_verdicts, list_states, record, run
from tests.building import decide, make_facts, make_policy
from tests.reports.scenarios import POLICIES, SCENARIOS, TONE

WAIVER = Waiver("few-examples", "*", "it moves", date(2026, 12, 31), owner="ml")
ROWS = make_policy("policy: rows\nrequire: {data.rows: {at_least: 1000}}\neffect: block\n")
EITHER = make_policy(
    "policy: either\nrequire: {any: [{data.rows: {at_least: 1000}}, {data.tokens: {at_least: 90}}]}\neffect: block\n"
)
SOURCES = make_policy(
    "policy: sources\nrequire: {data.sources: {each: {require: {license: {one_of: [mit]}}}}}\neffect: block\n"
)


def judge(manifest: str = TONE, file: str = "ml-manifest.yaml", policies=POLICIES, **settings) -> Decision:
    return decide(policies, make_facts(manifest, file=file), **settings)


def judge_rows(text: str, project: str = "p", **settings) -> Decision:
    tokens = "" if "tokens" in text else ", tokens: 5"
    return judge(f"project: {project}\ndata: {{{text}{tokens}}}\n", policies=(ROWS, EITHER), **settings)


@pytest.mark.parametrize("name", SCENARIOS)
def test_against_its_own_baseline_nothing_is_new_and_nothing_is_fixed(name):
    decision = SCENARIOS[name]().decision
    found, (compared,) = run(record(decision), decision)
    assert compared.baseline is not None
    assert {item.state for item in compared.baseline.findings} <= {"known"}
    assert compared.baseline.verdict == "allow"
    assert found.list_fixed(whole=True) == ()
    # The decision is what it was.
    assert compared._replace(baseline=None) == decision


@given(st.sampled_from(sorted(SCENARIOS)), st.data())
def test_without_any_one_entry_exactly_one_finding_is_new(name, data):
    decision = SCENARIOS[name]().decision
    kept = record(decision)
    if kept.entries:
        gone = data.draw(st.sampled_from(kept.entries))
        left = kept._replace(entries=tuple(entry for entry in kept.entries if entry is not gone))
        states = compare(left, decision)
        assert [found.fingerprint for found in states if found.state != "known"] == [gone.fingerprint]
        expected = [outcome.effect for outcome in decision.outcomes if outcome.policy == gone.policy]
        assert find_verdicts(left, [decision]) == [hardest_verdict(expected)]


@given(st.integers(0, 999), st.integers(0, 999))
def test_a_value_that_falls_fails_and_one_that_rises_passes(before, after):
    states = list_states(record(judge_rows(f"rows: {before}")), judge_rows(f"rows: {after}"))
    expected = "known" if before == after else "improved" if after > before else "worsened"
    assert states == {"rows": expected, "either": expected}


def test_moved_lines_and_files_bring_nothing_back():
    moved = judge(f"# moved\n\n{TONE}", "elsewhere/ml-manifest.yaml")
    assert set(list_states(record(judge()), moved).values()) == {"known"}


def test_a_new_violation_is_not_hidden_by_those_that_are_known():
    kept = record(judge(TONE.replace("7d", "90d")))
    states = list_states(kept, judge())
    assert states == {"volatile-data": "new", "citations-required": "known", "few-examples": "known"}
    assert find_verdicts(kept, [judge()]) == ["block"]


def test_another_project_is_not_covered():
    decision = judge_rows("rows: 5", "other")
    assert set(list_states(record(judge_rows("rows: 5")), decision).values()) == {"new"}
    assert find_verdicts(record(judge_rows("rows: 5")), [decision]) == ["block"]


def test_two_alike_need_two_entries():
    decision = judge_rows("rows: 5")
    other = decision._replace(subject=decision.subject._replace(manifest="copy/ml-manifest.yaml"))
    one, two = record(decision), record(decision, other)
    assert len(two.entries) == 2 * len(one.entries)
    assert find_verdicts(two, [decision, other]) == ["allow", "allow"]
    assert find_verdicts(one, [decision, other]) == ["allow", "block"]
    again = [found for found in compare(one, decision, other) if found.state == "new"]
    assert {found.note for found in again} == {"there is one more than the baseline holds"}
    assert find_verdicts(two, [decision, other, decision]) == ["allow", "allow", "block"]


def test_what_no_manifest_names_is_told_by_its_traits():
    def judge_config(base: str, file: str) -> Decision:
        config = f"training: {{method: sft}}\nmodel: {{base: {base}}}\ndata: {{rows: 5}}\n"
        facts = make_facts(observed=config, observed_file=file, subject=Subject(file, None, file))
        return decide(ROWS, facts)

    kept = record(judge_config("org/a", "a.yaml"))
    assert find_verdicts(kept, [judge_config("org/a", "moved.yaml")]) == ["allow"]
    assert find_verdicts(kept, [judge_config("org/b", "a.yaml")]) == ["block"]
    assert find_verdicts(kept, [judge_config("org/a", "a.yaml"), judge_config("org/a", "b.yaml")]) == ["allow", "block"]


def test_worse_says_what_was_and_what_is():
    (_, found) = compare(record(judge_rows("rows: 90")), judge_rows("rows: 50"))
    assert (found.state, found.note, found.since) == ("worsened", "data.rows was 90, is 50", None)
    (_, found) = compare(record(judge_rows("rows: 50")), judge_rows("rows: 90"))
    assert (found.state, found.note, found.since) == ("improved", "data.rows was 50, is 90", DAY)


def test_better_in_one_thing_and_worse_in_another_is_worse():
    kept = record(judge_rows("rows: 50, tokens: 50"))
    assert list_states(kept, judge_rows("rows: 60, tokens: 40"))["either"] == "worsened"
    assert list_states(kept, judge_rows("rows: 60, tokens: 50"))["either"] == "improved"


def test_fewer_entries_at_fault_is_better_and_others_are_not():
    def judge_sources(*licenses: str) -> Decision:
        rows = "".join(f"    - {{path: {number}.jsonl, license: {name}}}\n" for number, name in enumerate(licenses))
        return judge(f"project: p\ndata:\n  sources:\n{rows}", policies=(SOURCES,))

    kept = record(judge_sources("proprietary", "cc-by-nc-4.0", "mit"))
    assert list_states(kept, judge_sources("cc-by-nc-4.0")) == {"sources": "improved"}
    assert list_states(kept, judge_sources("cc-by-nc-4.0", "gpl-3.0")) == {"sources": "worsened"}
    assert list_states(kept, judge_sources("cc-by-nc-4.0", "proprietary", "proprietary")) == {"sources": "worsened"}
    assert list_states(kept, judge_sources("mit")) == {}


@pytest.mark.parametrize(
    ("before", "after", "state", "note"),
    [
        ("fail", "unknown", "new", "it was a failure, and is unknown"),
        ("unknown", "fail", "worsened", "it was unknown, and is a failure"),
        ("error", "fail", "worsened", "it was an error, and is a failure"),
        ("fail", "error", "new", "it was a failure, and is an error"),
        ("unknown", "error", "new", "it was unknown, and is an error"),
    ],
)
def test_another_outcome_is_another_finding(before, after, state, note):
    policy = make_policy("policy: rows\nrequire: {data.rows: {at_least: 9}}\neffect: block\non_unknown: same\n")
    made = {
        "fail": make_facts("project: p\ndata: {rows: 1}\n"),
        "unknown": make_facts("project: p\n"),
        "error": make_facts("project: p\n", faults={"data.rows": "it broke"}),
    }
    kept = record(decide(policy, made[before]))
    now = decide(policy, made[after])
    assert [(found.state, found.note) for found in compare(kept, now)] == [(state, note)]
    assert find_verdicts(kept, [now]) == ["block"]


def test_an_effect_that_became_harder_is_new_and_a_milder_one_is_known():
    flagged = judge(modes={"volatile-data": "flag"})
    (found,) = [item for item in compare(record(flagged), judge()) if item.policy == "volatile-data"]
    assert (found.state, found.note) == ("new", "its effect was flag, and is block")
    assert find_verdicts(record(flagged), [judge()]) == ["block"]
    assert find_verdicts(record(judge()), [flagged]) == ["allow"]
    observed = judge(gates={"check": GateSettings(mode="observe")})
    assert find_verdicts(record(observed), [judge()]) == ["block"]


def test_a_severity_that_became_harder_is_new():
    mild, hard = (
        make_policy(f"policy: rows\nseverity: {word}\nrequire: {{data.rows: 9}}\n") for word in ("low", "high")
    )
    facts = make_facts("project: p\ndata: {rows: 1}\n")
    (found,) = compare(record(decide(mild, facts)), decide(hard, facts))
    assert (found.state, found.note) == ("new", "its severity was low, and is high")
    assert list_states(record(decide(hard, facts)), decide(mild, facts)) == {"rows": "known"}


def test_harder_and_worse_says_both():
    flagged = judge(modes={"volatile-data": "flag"})
    found = compare(record(flagged), judge(TONE.replace("7d", "3d")))[2]
    assert found.note == "data.change_interval was 7d, is 3d; its effect was flag, and is block"
    better = compare(record(flagged), judge(TONE.replace("7d", "9d")))[2]
    assert better.state == "worsened"


def test_a_policy_that_asks_for_more_of_the_same_value_finds_what_it_found():
    stricter = make_policy("policy: rows\nrequire: {data.rows: {at_least: 5000}}\neffect: block\n")
    facts = make_facts("project: p\ndata: {rows: 5}\n")
    assert list_states(record(decide(ROWS, facts)), decide(stricter, facts)) == {"rows": "known"}


def test_what_is_waived_is_neither_known_nor_recorded_and_comes_back_when_the_waiver_ends():
    waived = judge(waivers=(WAIVER,))
    assert "few-examples" not in {entry.policy for entry in record(waived).entries}
    assert list_states(record(waived), judge())["few-examples"] == "new"
    found, _ = run(record(judge()), waived)
    # The waiver mends nothing.
    assert found.list_fixed(whole=True) == ()


def test_what_only_advises_for_want_of_facts_is_no_finding_and_keeps_an_entry():
    policy = make_policy("policy: rows\nrequire: {data.rows: {at_least: 9}}\neffect: flag\n")
    failed = decide(policy, make_facts("project: p\ndata: {rows: 1}\n"))
    unknown = decide(policy, make_facts("project: p\n"))
    assert unknown.outcomes[0].effect == "advise"
    assert record(unknown).entries == ()
    found, _ = run(record(failed), unknown)
    assert found.list_fixed(whole=True) == ()


def test_contradictions_are_findings():
    decision = SCENARIOS["contradiction"]().decision
    kept = record(decision)
    assert list_states(kept, decision)["tunegate/contradiction"] == "known"
    (entry,) = (entry for entry in kept.entries if entry.outcome == "contradiction")
    (note,) = decision.contradictions
    other = decision._replace(contradictions=(note._replace(observed="77"),))
    assert list_states(kept, other)["tunegate/contradiction"] == "worsened"
    assert entry.values == ((note.field, note.declared), (note.field, note.observed))
    assert list_states(Baseline(FILE), decision)["tunegate/contradiction"] == "new"


def test_entries_of_another_gate_cover_nothing():
    kept = record(judge(gate="ci"))
    assert set(list_states(kept, judge()).values()) == {"new"}
    assert set(list_states(kept, judge(gate="ci")).values()) == {"known"}


def test_the_verdict_beyond_is_never_harder_than_the_decision():
    decision = judge()
    states = tuple(Comparison(finding.policy, finding.fingerprint, "new") for finding in fingerprint_findings(decision))
    assert find_verdict(decision, states) == decision.verdict
    # An approval has opened what holds.
    assert find_verdict(decision._replace(verdict="allow"), states) == "allow"
    for left in VERDICTS:
        assert VERDICTS.index(find_verdict(decision._replace(verdict=left), states)) <= VERDICTS.index(left)


def test_what_is_the_same_comes_before_what_may_have_become_it():
    kept = record(judge_rows("rows: 50"), judge_rows("rows: 70"))
    assert len(kept.entries) == 4
    assert set(find_verdicts(kept, [judge_rows("rows: 70"), judge_rows("rows: 50")])) == {"allow"}
    assert find_verdicts(kept, [judge_rows("rows: 60"), judge_rows("rows: 75"), judge_rows("rows: 999")])[2] == "block"


def find_beyond(decision: Decision) -> str:
    assert decision.baseline is not None
    return decision.baseline.verdict


def test_a_part_starts_from_what_others_have_left():
    decision = judge_rows("rows: 5")
    kept = record(decision, decision)
    found, _ = run(kept, decision)
    first = Comparer(found.index, SCHEMA, found.taken)
    assert find_beyond(first.compare(decision)) == "allow"
    assert find_beyond(first.compare(decision)) == "block"
    fresh = Comparer(found.index, SCHEMA)
    assert [find_beyond(fresh.compare(decision)) for _ in range(3)] == ["allow", "allow", "block"]
    assert fresh.tally.recorded == []


@pytest.mark.parametrize(
    ("effects", "severities", "covered"),
    [
        (("block", "block"), ("high", "high"), True),
        (("block", "flag"), ("high", "low"), True),
        (("flag", None), ("high", "high"), True),
        ((None, None), (None, None), True),
        ((None, "advise"), ("high", "high"), False),
        (("flag", "hold"), ("high", "high"), False),
        (("flag", "flag"), ("high", "critical"), False),
    ],
)
def test_an_entry_covers_no_more_than_it_says(effects, severities, covered):
    finding = fingerprint_findings(judge())[0]._replace(effect=effects[1], severity=severities[1])
    entry = BaselineEntry("p", "p", "m", "check", "fail", effects[0], severities[0], (), (), "0" * 64, LATER)
    assert covers(entry, finding) is covered
