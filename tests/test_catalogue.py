"""The catalogue as a whole: what it holds, what the examples deserve, where its advice leads, and what it rests on."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.app.subjects import build_subjects
from policy.app.workspace import Workspace, open_workspace
from policy.engine.judge import judge
from policy.loading.discovery import discover
from policy.model.decision import Decision
from policy.model.fact import Fact
from policy.model.facts import Facts
from policy.model.gates import GATES
from policy.model.policy import Policy
from tests.building import NOW, make_claims
from tests.strategies import facts_about

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "guides.md"
RAG, PROMPT = "Fine-tuning vs RAG", "Fine-tuning vs prompt engineering"


class Row(NamedTuple):
    """What a policy must be: effects are its own at check; `same` is what an unknown does; guides as initials."""

    severity: str
    effects: str
    instead: str = ""
    guides: str = ""
    on_unknown: str | None = None


LETTERS = {"A": "advise", "F": "flag", "H": "hold", "B": "block"}
C, H, M, L = "critical", "high", "medium", "low"
SAME = "same"
# Effects: one letter holds at every gate, and at commits at most F; two with a gate between differ there.
CATALOGUE = {
    "fine-tuning": {
        "volatile-data": Row(C, "B", "rag", "R"),
        "citations-required": Row(C, "B", "rag hybrid", "R"),
        "traceability": Row(H, "F", "rag", "R"),
        "knowledge-injection": Row(C, "B", "rag", "R"),
        "knowledge-updates": Row(H, "B", "rag", "R"),
        "too-few-examples": Row(H, "B", "few-shot", "RP"),
        "few-examples": Row(M, "F", "prompt-engineering", "RP"),
        "fit-purpose": Row(H, "F", "prompt-engineering rag", "R"),
        "style-measured": Row(M, "F", "system-prompt", "R", SAME),
        "domain-gap-shown": Row(M, "F", "rag", "RP", SAME),
        "task-pattern-shown": Row(M, "F", "prompt-engineering", "RP", SAME),
        "consistency-measured": Row(M, "F", "prompt-engineering", "P", SAME),
        "latency-measured": Row(M, "F", "prompt-engineering", "RP"),
        "mixed-purpose": Row(M, "F", "hybrid", "R"),
        "agent-fine-tuning": Row(H, "H", "prompt-engineering rag", "R"),
        "varied-tasks": Row(H, "F", "prompt-engineering", "P"),
        "rapid-prototype": Row(M, "F", "prompt-engineering", "P"),
        "undeclared-fine-tuning": Row(H, "F ci=B"),
    },
    "alternatives": {
        "prompting-first": Row(H, "B", "prompt-engineering", "RP", SAME),
        "few-shot-tried": Row(M, "F", "few-shot", "R", SAME),
        "system-prompt-tried": Row(L, "A", "system-prompt", "R", SAME),
        "rag-tried": Row(H, "B", "rag", "R", SAME),
        "beats-baseline": Row(C, "release=B", "base-model prompt-engineering"),
        "rag-could-fine-tune": Row(L, "A", "fine-tuning hybrid", "RP"),
    },
    "cost": {
        "run-cost": Row(H, "B", "", "R"),
        "hosting-counted": Row(M, "F", "base-model", "R", SAME),
        "iteration-cost": Row(M, "F", "rag", "R"),
        "own-budget": Row(M, "F"),
        "expertise": Row(M, "F", "rag", "R", SAME),
        "pays-back": Row(M, "F", "prompt-engineering", "P"),
    },
    "provider": {
        "job-file-valid": Row(H, "B", "", "P"),
        "provider-available": Row(C, "B"),
        "base-model-retires": Row(H, "B"),
    },
    "model": {
        "base-model-pinned": Row(M, "F", on_unknown=SAME),
        "remote-code": Row(H, "F"),
        "approved-base-model": Row(H, "B"),
    },
    "license": {
        "base-license": Row(C, "B"),
        "base-license-review": Row(M, "F"),
        "dataset-license-known": Row(H, "F"),
        "licenses-compatible": Row(H, "release=B"),
    },
    "privacy": {
        "personal-data": Row(C, "B"),
        "secrets-in-data": Row(C, "B"),
    },
    "data": {
        "duplicate-rows": Row(M, "F"),
        "train-eval-overlap": Row(H, "B"),
        "held-out-set": Row(H, "F", on_unknown=SAME),
        "reproducible": Row(M, "F"),
        "declared-matches-observed": Row(H, "F run=B release=B", on_unknown="advise"),
        "fresh-tables": Row(L, "A"),
    },
    "regulation": {
        "training-compute": Row(H, "F"),
        "prohibited-use": Row(C, "B"),
        "high-risk-documented": Row(H, "release=B", on_unknown=SAME),
    },
    "release": {
        # Where nobody has approved anything yet there is nothing to judge.
        "independent-approval": Row(H, "B"),
        "release-package": Row(M, "release=F"),
    },
}
ROWS = {name: row for area in CATALOGUE.values() for name, row in area.items()}
# These judge every approach; all others are about fine-tuning.
GENERAL = {
    "undeclared-fine-tuning",
    "declared-matches-observed",
    "prohibited-use",
    "high-risk-documented",
    "fresh-tables",
    "independent-approval",
}
OTHER_APPROACHES = ("prompt-engineering", "few-shot", "rag")
CONTROLS = {
    "nist-ai-rmf": {
        *(f"MANAGE {number}" for number in ("1.1", "2.1", "2.2", "3.1", "3.2")),
        *(f"MAP {number}" for number in ("1.1", "2.1", "2.3", "3.1", "3.2", "3.3", "3.5", "4.1")),
        *(f"MEASURE {number}" for number in ("1.1", "2.1", "2.3", "2.7", "2.10")),
        *(f"GOVERN {number}" for number in ("1.1", "1.4", "1.6", "2.1", "6.1")),
    },
    "eu-ai-act": {"Annex IV", *(f"Art. {number}" for number in (10, 11, 12, 13, 14, 15, 53))},
    "iso-42001": {"A.10.3", *(f"A.6.2.{number}" for number in range(2, 9)), *(f"A.7.{n}" for n in range(2, 7))},
}


@cache
def open_catalogue() -> Workspace:
    return open_workspace(str(ROOT), with_cases=True)


@cache
def list_policies() -> dict[str, Policy]:
    return {policy.id: policy for policy in open_catalogue().policy_set.policies}


def expect_effects(row: Row) -> dict[str, str | None]:
    """Gate to effect. A policy that is judged at one gate only says so; a commit never does more than flag."""
    everywhere, *others = row.effects.split() if "=" not in row.effects.split()[0] else ["", *row.effects.split()]
    effects = {gate: LETTERS.get(everywhere) for gate in GATES}
    if effects["commit"] in ("hold", "block"):
        effects["commit"] = "flag"
    for gate, _, letter in (other.partition("=") for other in others):
        effects[gate] = LETTERS[letter]
    return effects


# What the catalogue holds


def test_the_catalogue_is_complete():
    areas: dict[str, set[str]] = {}
    for policy in list_policies().values():
        areas.setdefault(policy.area, set()).add(policy.id)
    assert areas == {area: set(rows) for area, rows in CATALOGUE.items()}
    assert len(ROWS) == 53


@pytest.mark.parametrize("name", ROWS)
def test_a_policy_is_as_hard_as_it_should_be(name):
    policy, row = list_policies()[name], ROWS[name]
    assert policy.severity == row.severity
    assert {gate: open_catalogue().policy_set.effect_of(policy, gate) for gate in GATES} == expect_effects(row)
    assert policy.on_unknown == row.on_unknown
    assert policy.instead == tuple(row.instead.split())


def test_a_commit_is_never_stopped():
    policy_set = open_catalogue().policy_set
    assert {policy_set.effect_of(policy, "commit") for policy in policy_set.policies} == {None, "advise", "flag"}


@pytest.mark.parametrize("name", ROWS)
def test_a_policy_says_what_a_reader_needs(name):
    policy, row = list_policies()[name], ROWS[name]
    assert policy.because
    assert policy.fix
    assert policy.limits
    assert policy.since == "0.1.0"
    assert set(policy.controls) & set(CONTROLS)
    assert all(set(ids) <= CONTROLS[framework] for framework, ids in policy.controls.items())
    named = {letter for letter, guide in (("R", RAG), ("P", PROMPT)) if guide in find_guides(policy)}
    assert named >= set(row.guides)
    assert named == set() or row.guides


def find_guides(policy: Policy) -> set[str]:
    """The guides that a policy refers to."""
    return {guide for guide in (RAG, PROMPT) for text in policy.references if text.startswith(f"{guide} (")}


@pytest.mark.parametrize("name", sorted(ROWS.keys() - GENERAL - {"rag-could-fine-tune"}))
def test_a_policy_about_fine_tuning_says_so_in_when(name):
    text = (ROOT / "policies" / list_policies()[name].area / f"{name}.yaml").read_text(encoding="utf-8")
    assert "when:\n  approach: [fine-tuning, hybrid]\n  run.activity: training\n" in text


# What the examples deserve


def read_example(name: str) -> Facts:
    """All facts about the only subject of an example."""
    (found,) = discover([str(ROOT / "examples" / name)])
    (item,) = found.items
    subjects = build_subjects(open_catalogue(), item)
    assert subjects.problems == []
    (facts,) = subjects.facts
    return facts


def observe(text: str) -> tuple[Fact, ...]:
    """What evidence found."""
    return make_claims(text, "evidence.yaml", origin="observed", source="evidence")


def decide(facts: Facts, gate: str) -> Decision:
    return judge(open_catalogue().policy_set, facts, gate=gate, now=NOW)


def list_outcomes(decision: Decision, *outcomes: str) -> set[str]:
    return {item.policy for item in decision.outcomes if item.outcome in outcomes}


# Where no table was needed there is nothing to say.
SILENT = {"fresh-tables"}
SCANNED = {
    "data.secrets": "secrets-in-data",
    "data.personal_data": "personal-data",
    "data.overlap_rate": "train-eval-overlap",
}


@pytest.mark.parametrize("gate", ["check", "commit", "ci", "run"])
def test_a_well_prepared_project_with_its_evidence_is_allowed(gate):
    decision = decide(read_example("reply-tone"), gate)
    assert decision.verdict == "allow"
    assert list_outcomes(decision, "fail", "error") == set()
    assert list_outcomes(decision, "unknown") <= SILENT
    assert len(list_outcomes(decision, "pass")) > 30


def test_at_the_release_only_the_weights_are_missing():
    facts = read_example("reply-tone")
    decision = decide(facts, "release")
    assert list_outcomes(decision, "fail", "error") == {"release-package"}
    assert decision.verdict == "flag"
    released = facts.with_claims(make_claims("release.digest: 5f3a9c0e77d1"))
    assert decide(released, "release").verdict == "allow"


def test_a_release_that_no_comparison_supports_is_stopped():
    facts = read_example("reply-tone")
    others = [fact for fact in facts.claims if fact.path != "evaluation.gain_low"]
    decision = decide(Facts([*others, *observe("evaluation.gain_low: -0.01")], facts.schema), "release")
    assert "beats-baseline" in list_outcomes(decision, "fail")
    assert decision.verdict == "block"


@pytest.mark.parametrize("path", SCANNED)
def test_what_nobody_looked_for_is_held_at_the_run(path):
    facts = read_example("reply-tone")
    decision = decide(Facts([fact for fact in facts.claims if fact.path != path], facts.schema), "run")
    assert list_outcomes(decision, "unknown") == {SCANNED[path]}
    assert decision.verdict == "hold"


@pytest.mark.parametrize("path", SCANNED)
def test_what_a_scan_finds_blocks_whatever_the_manifest_says(path):
    facts = read_example("reply-tone")
    others = [fact for fact in facts.claims if fact.path not in SCANNED]
    claimed = make_claims("data: {secrets: 0, personal_data: 0, personal_data_approved: false, overlap_rate: 0}")
    decision = decide(Facts([*others, *claimed, *observe(f"{path}: 1")], facts.schema), "run")
    assert list_outcomes(decision, "fail") == {SCANNED[path], "declared-matches-observed"}
    assert decision.verdict == "block"


@pytest.mark.parametrize("gate", GATES)
@pytest.mark.parametrize("name", ["ticket-triage", "policy-faq"])
def test_a_project_that_trains_nothing_is_allowed(name, gate):
    decision = decide(read_example(name), gate)
    assert decision.verdict == "allow"
    assert list_outcomes(decision, "fail", "error") == set()
    assert list_outcomes(decision, "unknown") <= SILENT
    assert list_outcomes(decision, "pass", "unknown") <= GENERAL | {"rag-could-fine-tune"}


@cache
def list_read() -> list[str]:
    """The facts that any policy reads, but for the approach."""
    return sorted({path for policy in list_policies().values() for path in policy.paths} - {"approach"})


@given(st.data())
def test_nothing_about_fine_tuning_stops_another_approach(data):
    paths = data.draw(st.lists(st.sampled_from(list_read()), unique=True, max_size=len(list_read())))
    approach = data.draw(st.sampled_from(OTHER_APPROACHES))
    facts = data.draw(facts_about(paths)).with_claims([Fact("approach", approach, "declared")])
    for outcome in decide(facts, data.draw(st.sampled_from(GATES))).outcomes:
        if outcome.policy == "rag-could-fine-tune":
            assert outcome.effect in (None, "advise")
        elif outcome.policy not in GENERAL:
            assert (outcome.policy, outcome.outcome) == (outcome.policy, "not-applicable")


@pytest.mark.parametrize("approach", [*OTHER_APPROACHES, "fine-tuning", "hybrid"])
def test_what_the_law_forbids_is_stopped_whatever_the_approach(approach):
    decision = decide(Facts(make_claims(f"approach: {approach}\nsystem.risk: prohibited")), "ci")
    assert decision.verdict == "block"
    assert "prohibited-use" in list_outcomes(decision, "fail")


# Where advice leads

# What a manifest calls each approach that a policy advises; a system prompt and the bare model are prompting.
CALLED = {"base-model": "prompt-engineering", "system-prompt": "prompt-engineering"}
TUNED = ("fine-tuning", "hybrid")


def take_advice(facts: Facts, advised: str) -> Facts:
    """The same project by another approach, without its training: nothing else that it states has changed."""
    left = ("approach", "training.", "retrieval.")
    kept = [fact for fact in facts.claims if fact.origin == "declared" and not fact.path.startswith(left)]
    present = [fact for fact in facts.claims if fact.path == "manifest.present"]
    return Facts([*kept, *present, Fact("approach", CALLED.get(advised, advised), "declared")], facts.schema)


def list_advice() -> Iterable[tuple[str, str]]:
    decision = decide(read_example("pricing-answers"), "release")
    return [(item.policy, advised) for item in decision.outcomes if item.outcome == "fail" for advised in item.instead]


def test_the_blocked_project_is_given_advice():
    decision = decide(read_example("pricing-answers"), "check")
    assert decision.verdict == "block"
    assert {"volatile-data", "citations-required", "too-few-examples"} <= list_outcomes(decision, "fail")
    assert {advised for _, advised in list_advice()} >= {"rag", "few-shot", "prompt-engineering"}


@pytest.mark.parametrize("gate", GATES)
def test_whoever_follows_advice_is_allowed(gate):
    facts = read_example("pricing-answers")
    for name, advised in list_advice():
        decision = decide(take_advice(facts, advised), gate)
        assert name not in list_outcomes(decision, "fail"), advised
        if advised not in TUNED:
            assert (advised, decision.verdict) == (advised, "allow")
            assert list_outcomes(decision, "fail", "error") == set()


def test_the_example_that_followed_its_advice_is_the_same_project():
    before, after = read_example("pricing-answers").values, read_example("policy-faq").values
    same = {path for path in before if path.startswith(("needs.", "system.use", "purpose", "owner.team"))}
    assert len(same) > 6
    assert {path: after[path] for path in same} == {path: before[path] for path in same}
    assert (before["approach"], after["approach"]) == ("fine-tuning", "rag")


# What the catalogue rests on


def find_links(text: str) -> set[str]:
    """The policies that the page about the guides links to; each link leads to the policy that it names."""
    links = re.findall(r"\[`([^`]+)`\]\(([^)]+)\)", text)
    for name, target in links:
        assert target == f"../policies/{list_policies()[name].area}/{name}.yaml"
    return {name for name, _ in links}


def test_every_policy_that_rests_on_a_guide_is_on_the_page():
    before, _, beyond = PAGE.read_text("utf-8").partition("\n## Beyond the guides\n")
    assert find_links(before) >= {name for name, policy in list_policies().items() if find_guides(policy)}
    assert find_links(before) >= {name for name, row in ROWS.items() if row.guides}
    assert find_links(beyond) == {name for name, policy in list_policies().items() if not find_guides(policy)}


def test_every_statement_of_the_page_is_answered():
    rows = re.findall(r"^\| (?!statement|---)(.+?) \| (.*?) \|$", PAGE.read_text("utf-8"), re.MULTILINE)
    assert len(rows) > 60
    # A policy or a fact by its name, or in words why there is none.
    assert [said for said, answer in rows if not re.search(r"`|^left out: \w+", answer)] == []


def test_every_fact_that_the_page_names_exists():
    schema = open_catalogue().policy_set.schema
    text = re.sub(r"\[`[^`]+`\]\([^)]*\)", "", PAGE.read_text("utf-8"))
    named = set(re.findall(r"`([a-z_]+\.[a-z0-9_.]+)`", text))
    assert named
    assert {path for path in named if path not in schema.fields} == set()
