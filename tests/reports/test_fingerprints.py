"""Findings are the same wherever they stand, and others where another value was found."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.engine.judge import judge
from policy.errors import Location, Problem
from policy.model.decision import Decision, Subject
from policy.model.fact import Fact, Members
from policy.model.facts import Facts
from policy.model.policy import GateSettings, PolicySet
from policy.model.waiver import Waiver
from policy.reports.fingerprints import (
    CONTRADICTION,
    fingerprint_findings,
    fingerprint_problem,
    fingerprint_unassessed,
    number,
)
from tests.building import decide, make_facts, make_policy
from tests.reports.scenarios import AGREEMENT, LICENSES, POLICIES, ROWS, SCENARIOS, TONE, Scenario
from tests.strategies import situations

CHANGES, ROWS_LINE = "change_interval: 7d", "rows: 400"
GOLDEN = Path(__file__).parent.parent / "golden" / "policy-finding-1.json"
REORDERED = "\n".join(
    sorted(TONE.replace(f"data:\n  {CHANGES}\n  {ROWS_LINE}", f"data: {{{ROWS_LINE}, {CHANGES}}}").splitlines())
)
CONFIG = "training: {method: sft, adapter: lora}\nmodel: {base: org/base}\ndata: {rows: 90}\n"


def mark(decision: Decision) -> dict[str, str]:
    """The fingerprint of each policy's finding."""
    return {finding.policy: finding.fingerprint for finding in fingerprint_findings(decision)}


def mark_text(manifest: str, *policies: object, file: str = "ml-manifest.yaml") -> dict[str, str]:
    return mark(decide(policies or POLICIES, make_facts(manifest, file=file)))  # type: ignore[arg-type]


def mark_config(text: str, file: str, manifest: str | None = "ml-manifest.yaml") -> str:
    subject = Subject("tone" if manifest else file, manifest, file)
    facts = make_facts(observed=text, observed_file=file, subject=subject)
    return mark(decide(make_policy("policy: rows\nrequire: {data.rows: {at_least: 100}}\n"), facts))["rows"]


def test_every_failure_error_and_unknown_is_a_finding_and_so_is_what_is_waived():
    for make in SCENARIOS.values():
        decision = make().decision
        found = {outcome.policy for outcome in decision.outcomes if outcome.outcome not in ("pass", "not-applicable")}
        known = [finding for finding in fingerprint_findings(decision) if finding.policy != CONTRADICTION]
        assert {finding.policy for finding in known} == found
        assert len(fingerprint_findings(decision)) == len(known) + len(decision.contradictions)
        assert all(len(bytes.fromhex(finding.fingerprint)) == 32 for finding in fingerprint_findings(decision))


def test_fingerprints_are_for_good():
    kept = json.loads(GOLDEN.read_bytes())
    assert kept["format"] == "policy-finding/1"
    assert {name: mark(make().decision) for name, make in SCENARIOS.items() if name in kept["findings"]} == kept[
        "findings"
    ]


def test_the_page_says_how_one_is_made():
    identity = ["policy-finding/1", "few-examples", "support-reply-tone", [], "fail", [["data.rows", "400"]]]
    text = json.dumps(identity, separators=(",", ":"))
    assert mark_text(TONE)["few-examples"] == sha256(text.encode()).hexdigest()


@given(situations(), st.integers(1, 50), st.randoms())
def test_whatever_is_moved_and_in_whatever_order_it_comes_it_is_the_same(situation, lines, random):
    policy_set = PolicySet((situation.policy,), params=name_parameters(situation))
    claims = [move(fact, lines) for fact in situation.facts.claims]
    random.shuffle(claims)
    moved = Facts(claims, situation.facts.schema, Subject("p", "elsewhere/ml-manifest.yaml"))
    here = Facts(situation.facts.claims, situation.facts.schema, Subject("p", "ml-manifest.yaml"))
    now = datetime.combine(situation.today, time(), UTC)
    before, after = (mark(judge(policy_set, facts, gate="check", now=now)) for facts in (here, moved))
    assert before == after


def name_parameters(situation) -> dict[str, object]:
    return {f"{situation.policy.id}.{name}": value for name, value in situation.params.items()}


def move(fact: Fact, lines: int) -> Fact:
    """The fact as another file tells it, further down; so are the fields of its records."""
    value = fact.value
    if isinstance(value, Members):
        items = [
            {name: move(part, lines) for name, part in item.items()} if isinstance(item, dict) else item
            for item in reversed(value.items)
        ]
        value = Members(tuple(items), value.complete)
    place = fact.location and Location(f"moved/{fact.location.file}", fact.location.line + lines)
    return fact._replace(value=value, location=place, digest="0" * 64 if fact.digest else "")


@given(st.integers(0, 99), st.integers(0, 99))
def test_another_value_is_another_finding(before, after):
    marks = [mark_text(TONE.replace("rows: 400", f"rows: {rows}"))["few-examples"] for rows in (before, after)]
    assert (marks[0] == marks[1]) == (before == after)


@pytest.mark.parametrize(
    ("changed", "differing"),
    [
        (TONE.replace("7d", "8d"), {"volatile-data"}),
        # 7 days in hours are 7 days.
        (TONE.replace("7d", "168h"), set()),
        (TONE.replace("citations: true", "citations: false"), {"citations-required"}),
        (f"# a comment\n\n{TONE}", set()),
        (REORDERED, set()),
        (TONE + "budget: {per_run: 200 USD}\n", set()),
        (TONE.replace("support-reply-tone", "other"), {"volatile-data", "citations-required", "few-examples"}),
    ],
)
def test_only_what_decided_counts(changed, differing):
    before, after = mark_text(TONE), mark_text(changed, file="moved/here/ml-manifest.yaml")
    assert {policy for policy, known in before.items() if after.get(policy) != known} == differing


def test_a_milder_gate_mode_or_waiver_leaves_it_the_same():
    facts = make_facts(TONE)
    waiver = Waiver("volatile-data", "*", "kept", date(2026, 12, 31))
    plain, waived = decide(POLICIES, facts), decide(POLICIES, facts, waivers=(waiver,))
    observed = decide(POLICIES, facts, gates={"check": GateSettings(mode="observe")})
    stricter = decide(POLICIES, facts, params={"volatile-data.shortest_interval": 90 * 86_400_000})
    assert mark(plain) == mark(waived) == mark(observed) == mark(decide(POLICIES, facts, gate="ci")) == mark(stricter)
    assert [finding.policy for finding in fingerprint_findings(waived) if finding.waived] == ["volatile-data"]
    assert {finding.outcome for finding in fingerprint_findings(waived)} == {"fail"}


def test_what_fails_is_not_what_could_not_be_judged():
    failing, unknown = mark_text(TONE), mark_text("project: support-reply-tone\napproach: fine-tuning\n")
    assert failing["few-examples"] != unknown["few-examples"]
    waived = Waiver("few-examples", "*", "kept", date(2026, 12, 31))
    lacking = make_facts("project: support-reply-tone\napproach: fine-tuning\n")
    assert mark(decide(POLICIES, lacking, waivers=(waived,)))["few-examples"] == unknown["few-examples"]


def say_sources(*licenses: str) -> str:
    entries = (f"{{path: {number}.jsonl, split: train, license: {text}}}" for number, text in enumerate(licenses))
    return f"project: p\ndata: {{sources: [{', '.join(entries)}]}}\n"


def test_of_a_list_the_entries_that_are_at_fault_count():
    bad = mark_text(say_sources("mit", "gpl-3.0"), LICENSES)
    assert bad == mark_text(say_sources("gpl-3.0", "mit"), LICENSES)
    assert bad == mark_text(say_sources("gpl-3.0", "mit", "mit"), LICENSES)
    assert bad != mark_text(say_sources("cc-by-nc-4.0", "mit"), LICENSES)
    # Another source with the same fault is more than there was.
    assert bad != mark_text(say_sources("gpl-3.0", "gpl-3.0"), LICENSES)
    # Also beyond those that a report names.
    assert mark_text(say_sources(*["gpl-3.0"] * 8), LICENSES) != mark_text(say_sources(*["gpl-3.0"] * 9), LICENSES)


def test_an_entry_that_must_not_be_there_counts_by_what_it_says():
    policy = make_policy("require: {not: {tried: {some: {approach: rag, score: {at_least: 0.5}}}}}\n")
    tried = "project: p\ntried:\n  - {approach: rag, score: %s, metric: %s}\n  - {approach: few-shot, score: %s}\n"
    known = mark_text(tried % ("0.5", "f1", "0.9"), policy)
    assert known == mark_text(tried % ("0.50", "exact", "0.1"), policy)
    assert known != mark_text(tried % ("0.6", "f1", "0.9"), policy)


def test_where_an_entry_is_missing_nothing_that_is_there_counts():
    policy = make_policy("require: {tried: {some: {approach: rag}}}\n")
    tried = "project: p\ntried: [{approach: few-shot, score: 0.4}]\n"
    known = mark_text(tried, policy)
    assert known == mark_text(tried.replace("0.4", "0.5"), policy)
    assert known != mark_text("project: p\n", policy)


def test_a_value_that_it_was_compared_with_counts():
    policy = make_policy("require: {data.rows: {at_least: {field: data.tokens}}}\n")
    text = "project: p\ndata: {rows: 5, tokens: %s}\n"
    assert mark_text(text % 6, policy) != mark_text(text % 7, policy)


def test_a_training_config_is_known_by_what_it_tells():
    known = mark_config(CONFIG, "train/a.yaml")
    assert known == mark_config(CONFIG, "train/renamed.yaml")
    assert known == mark_config(CONFIG + "evaluation: {tuned: 0.5}\n", "train/a.yaml")
    assert known != mark_config(CONFIG.replace("sft", "dpo"), "train/a.yaml")
    assert known != mark_config(CONFIG.replace("org/base", "org/larger"), "train/a.yaml")


def test_what_no_manifest_covers_is_known_by_what_it_tells():
    known = mark_config(CONFIG, "train/a.yaml", None)
    assert known == mark_config(CONFIG, "elsewhere/b.yaml", None)
    assert known != mark_config(CONFIG.replace("90", "91"), "train/a.yaml", None)
    assert known != mark_config(CONFIG, "train/a.yaml")


def test_a_renamed_file_is_not_another_value():
    policy = make_policy("require: {training.config: {starts_with: configs/}}\n")
    facts = [make_facts(f"project: p\ntraining: {{config: {file}}}\n") for file in ("a.yaml", "b.yaml")]
    first, second = (mark(decide(policy, found)) for found in facts)
    assert first == second


def test_contradictions_are_known_by_what_is_said():
    def find(rows: int, file: str) -> str:
        facts = make_facts(TONE, observed=f"data: {{rows: {rows}}}\n", observed_file=file)
        (finding,) = (
            item for item in fingerprint_findings(decide((ROWS, AGREEMENT), facts)) if item.outcome == "contradiction"
        )
        return finding.fingerprint

    assert find(300, "a.yaml") == find(300, "b.yaml")
    assert find(300, "a.yaml") != find(301, "a.yaml")


def test_what_was_not_assessed_is_known_by_what_is_missing():
    def find(text: str) -> str:
        decision = decide(POLICIES, make_facts(text))
        return fingerprint_unassessed(decision, {item.policy for item in decision.not_assessed})

    bare = "project: p\napproach: fine-tuning\n"
    assert find(bare) == find(f"# moved\n{bare}")
    assert find(bare) != find(f"{bare}data: {{rows: 5000}}\n")


def test_a_problem_is_known_by_what_is_said():
    problem = Problem("it is broken", "mend it", Location("a.yaml", 3))
    assert fingerprint_problem(problem) == fingerprint_problem(problem._replace(location=Location("b.yaml", 9)))
    assert fingerprint_problem(problem) != fingerprint_problem(problem._replace(message="it is odd"))


def test_alike_findings_are_numbered():
    known = mark_text(TONE)["few-examples"]
    assert number(known, 1) == known
    assert len({number(known, position) for position in range(1, 100)}) == 99
    assert len(bytes.fromhex(number(known, 2))) == 32


def test_names_that_no_encoding_carries_have_a_fingerprint():
    decision = SCENARIOS["block"]().decision
    hostile = decision._replace(subject=Subject("a\udcff\x00\n<script>", "ml-manifest.yaml"))
    assert mark(hostile).keys() == mark(decision).keys()
    assert mark(hostile) != mark(decision)


def test_the_same_decision_gives_the_same_fingerprints():
    scenario: Scenario = SCENARIOS["entries"]()
    assert fingerprint_findings(scenario.decision) == fingerprint_findings(SCENARIOS["entries"]().decision)
