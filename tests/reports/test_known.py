"""What is known stays visible in every format, fails in none, and what is worse or new is as loud as ever."""

from __future__ import annotations

import csv
import json
import re
import xml.etree.ElementTree as ET
from datetime import date
from typing import Any

import pytest

from policy.model.baseline import BaselineCounts, BaselineEntry, Compared, Comparison
from policy.model.decision import Decision
from policy.model.summary import Summary, exit_code
from policy.reports.builtin import reporters
from policy.reports.contract import Decisions
from policy.reports.fingerprints import fingerprint_findings
from policy.reports.known import name_state, say_beyond, say_comparison
from tests.app.baselines.building import record, run
from tests.reports.sarif_checks import read_run
from tests.reports.scenarios import SCENARIOS
from tests.reports.whole import HOSTILE, compare, poison, poison_entry, render_decisions

DAY = date(2026, 11, 20)
FIXED = BaselineEntry("style-measured", "tone", "m.yaml", "ci", "fail", "flag", "low", (), (), "1" * 64, DAY)


def compare_states(name: str = "block", **states: tuple[str, str]) -> Decision:
    """A scenario's decision with policies in these states, and every other one known."""
    decision = SCENARIOS[name]().decision
    found = []
    for finding in fingerprint_findings(decision):
        state, note = states.get(finding.policy.replace("-", "_"), ("known", ""))
        since = DAY if state in ("known", "improved") else None
        found.append(Comparison(finding.policy, finding.fingerprint, state, since, note))
    left = {item.policy for item in found if not item.is_covered}
    verdict = "block" if "volatile-data" in left else "flag" if left else "allow"
    return decision._replace(baseline=Compared(verdict, tuple(found)))


def write(form: str, decision: Decision, fixed: tuple[BaselineEntry, ...] = ()) -> str:
    context = SCENARIOS["block"]().context()
    return render_decisions(reporters()[form](), [decision], context=context, fixed=fixed)


KNOWN = compare_states()
MIXED = compare_states(
    volatile_data=("worsened", "data.change_interval was 14d, is 7d"),
    few_examples=("improved", "data.rows was 90, is 400"),
)


@pytest.mark.parametrize("form", reporters())
def test_every_format_shows_what_is_known_and_that_it_is(form):
    if form == "gitlab":
        assert "Known since 2026-11-20, by the baseline." in write(form, KNOWN)
        return
    text = re.sub(r"\s+", " ", write(form, KNOWN))
    for policy in ("volatile-data", "citations-required", "few-examples"):
        assert policy in text
    assert "2026-11-20" in text
    assert re.search("known|Known", text)
    assert text != re.sub(r"\s+", " ", write(form, KNOWN._replace(baseline=None)))


@pytest.mark.parametrize("form", sorted(set(reporters()) - {"csv"}))
def test_every_format_says_what_is_worse_and_what_is_better(form):
    text = re.sub(r"\s+", " ", write(form, MIXED))
    assert "data.change_interval was 14d, is 7d" in text
    assert "data.rows was 90, is 400" in text


@pytest.mark.parametrize("form", sorted(set(reporters()) - {"gitlab"}))
def test_every_format_but_that_which_compares_itself_says_what_is_fixed(form):
    text = write(form, MIXED, (FIXED,))
    assert "style-measured" in text
    assert "fixed" in text
    assert form in ("json", "csv") or "policy baseline --prune --gate ci" in re.sub(r"\s+", " ", text)
    assert "prune" not in write(form, MIXED)


@pytest.mark.parametrize("form", reporters())
def test_without_a_baseline_nothing_is_said_of_one(form):
    text = write(form, SCENARIOS["block"]().decision)
    assert not re.search("known since|beyond the baseline", text)


@pytest.mark.parametrize("form", reporters())
@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_of_a_baseline_breaks_a_line(form, text):
    """Each format's own tests hold what poisoned decisions make; this is what stands behind the last of them."""
    written = write(form, poison(text), (poison_entry(text),))
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", written)
    assert form not in ("text", "short") or "\n::" not in f"\n{written}"


def test_text_puts_what_is_new_first_and_says_the_verdict_beyond():
    text = write("text", MIXED)
    assert text.index("block[volatile-data]") < text.index("known flag[citations-required]")
    assert text.startswith("block  support-reply-tone  projects/tone/ml-manifest.yaml  (beyond the baseline: block)\n")
    assert "1 blocked · beyond the baseline: 1 blocked (1 known, 1 improved, 1 worsened)" in text
    assert "help: Compare a well-made prompt" not in text
    said = write("text", KNOWN)
    assert "(beyond the baseline: allow)" in said
    assert "1 blocked · beyond the baseline: 1 allowed (3 known)" in said
    assert "known block[volatile-data]: data.change_interval is 7 days" in said


def test_short_marks_each_line():
    first, *others, verdict, _ = write("short", MIXED).splitlines()
    assert ": block[volatile-data]: " in first
    assert first.endswith("(worse than in the baseline: data.change_interval was 14d, is 7d)")
    assert all(": known flag[" in line for line in others)
    assert verdict.endswith("block: support-reply-tone (beyond the baseline: block)")


def read_json(text: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(text)
    Decisions.model_validate(document)
    return document


def test_json_has_a_state_for_every_finding_and_counts_for_the_run():
    document = read_json(write("json", MIXED, (FIXED,)))
    (decision,) = document["decisions"]
    assert decision["verdict"] == decision["baseline"]["verdict"] == "block"
    states = {found["policy"]: (found["state"], found["since"]) for found in decision["baseline"]["findings"]}
    assert states == {
        "volatile-data": ("worsened", None),
        "few-examples": ("improved", "2026-11-20"),
        "citations-required": ("known", "2026-11-20"),
    }
    assert document["baseline"]["findings"] == {"known": 1, "improved": 1, "worsened": 1, "new": 0}
    assert document["baseline"]["verdicts"] == {"allow": 0, "flag": 0, "hold": 0, "block": 1}
    assert [entry["policy"] for entry in document["baseline"]["fixed"]] == ["style-measured"]
    assert read_json(write("json", SCENARIOS["block"]().decision))["baseline"] is None
    # The decision itself is what it was.
    bare = read_json(write("json", SCENARIOS["block"]().decision))["decisions"][0]
    assert {**decision, "baseline": None} == bare


def test_sarif_has_states_and_suppressions():
    run_ = read_run(write("sarif", MIXED, (FIXED,)))
    found = {result["ruleId"]: result for result in run_["results"]}
    assert {rule: result.get("baselineState") for rule, result in found.items()} == {
        "volatile-data": "updated",
        "few-examples": "updated",
        "citations-required": "unchanged",
    }
    assert "suppressions" not in found["volatile-data"]
    (suppression,) = found["citations-required"]["suppressions"]
    assert suppression == {
        "kind": "external",
        "status": "accepted",
        "justification": "known since 2026-11-20, by the baseline",
    }
    assert found["volatile-data"]["level"] == "error"
    notes = [note["message"]["text"] for note in run_["invocations"][0]["toolExecutionNotifications"]]
    assert any("1 finding of the baseline fixed" in note for note in notes)
    assert run_["properties"]["baseline"]["findings"]["worsened"] == 1
    new = compare_states(volatile_data=("new", ""))
    (state,) = (item["baselineState"] for item in read_run(write("sarif", new))["results"] if "volat" in item["ruleId"])
    assert state == "new"


def test_a_known_failure_is_skipped_in_a_test_page_and_a_fixed_one_has_passed():
    root = ET.fromstring(write("junit", MIXED, (FIXED,)))
    suite, fixed = root.findall("testsuite")
    cases = {case.get("name"): [child.tag for child in case] for case in suite.findall("testcase")}
    assert cases == {
        "volatile-data": ["failure"],
        "few-examples": ["skipped"],
        "citations-required": ["skipped"],
        "style-measured": [],
    }
    skipped = suite.find("testcase[@name='few-examples']/skipped")
    assert skipped is not None
    assert skipped.get("type") == "known, flag"
    assert "known since 2026-11-20, by the baseline, better now" in (skipped.text or "")
    assert [list(case) for case in fixed.findall("testcase")] == [[]]
    assert suite.get("failures") == "1"
    assert ET.fromstring(write("junit", KNOWN))[0].get("failures") == "0"


def test_an_error_that_is_known_is_skipped_and_still_says_what_it_is():
    text = write("junit", compare_states("error"))
    assert "<error" not in text
    assert "known, error, block" in text


def test_annotations_of_known_findings_are_notices():
    lines = write("github", MIXED).splitlines()
    kinds = {line.split("title=")[1].split("::")[0]: line[2:].split(" ")[0] for line in lines if line.startswith("::")}
    assert kinds == {
        "block%3A volatile-data": "error",
        "known flag%3A few-examples": "notice",
        "known flag%3A citations-required": "notice",
    }
    assert not any(line.startswith(("::error", "::warning")) for line in write("github", KNOWN).splitlines())


def test_issues_of_known_findings_are_infos():
    issues = {issue["check_name"]: issue["severity"] for issue in json.loads(write("gitlab", MIXED))}
    assert issues == {"volatile-data": "blocker", "few-examples": "info", "citations-required": "info"}


def test_a_comment_folds_what_is_known():
    text = write("markdown", MIXED)
    table, _, folded = text.partition("<details>")
    assert "volatile-data" in table
    assert "worse than in the baseline" in table
    assert "few-examples" not in table
    assert "- known flag: `few-examples`" in folded
    assert "(beyond the baseline: block)" in table


def test_a_table_has_a_column():
    rows = {row["policy"]: row for row in csv.DictReader(write("csv", MIXED, (FIXED,)).splitlines())}
    assert {name: row["baseline"] for name, row in rows.items()} == {
        "volatile-data": "worsened",
        "few-examples": "improved",
        "citations-required": "known since 2026-11-20",
        "style-measured": "known since 2026-11-20",
    }
    assert rows["style-measured"]["outcome"] == "fixed"
    assert rows["style-measured"]["fingerprint"] == "1" * 64


def test_the_page_has_badges_for_what_is_known():
    page = write("html", MIXED, (FIXED,))
    assert '<span class="badge known-flag">Known, flags</span>' in page
    assert "Beyond the baseline: block." in page
    assert "Worse than in the baseline: data.change_interval was 14d, is 7d." in page
    assert "1 known, 1 improved, 1 worsened, 1 fixed" in page


@pytest.mark.parametrize("form", sorted(set(reporters()) - {"csv", "html"}))
def test_contradictions_that_are_known_are_marked(form):
    decision = compare(SCENARIOS["contradiction"]().decision, keep=1)
    text = re.sub(r"\s+", " ", write(form, decision))
    assert re.search('[kK]nown since 2026-11-20|"state": "known"', text)
    if form == "github":
        assert "::notice" in text
        assert "known contradiction" in text


@pytest.mark.parametrize(
    ("name", "fail_on", "covered", "left"),
    [("block", "block", 0, 1), ("flag", "flag", 0, 1), ("hold", "block", 0, 4), ("error", "block", 0, 1)],
)
def test_what_is_covered_ends_no_run(name, fail_on, covered, left):
    scenario = SCENARIOS[name]()
    for kept, code in ((record(scenario.decision), covered), (record(scenario.decision)._replace(entries=()), left)):
        _, (decision,) = run(kept, scenario.decision)
        summary = scenario.summary()
        summary.baseline = BaselineCounts()
        summary.baseline.count(decision)
        assert exit_code(summary, (), fail_on) == code


def test_what_was_not_compared_is_not_known():
    summary = Summary()
    summary.baseline = BaselineCounts()
    summary.count(SCENARIOS["block"]().decision)
    assert exit_code(summary, (), "block") == 1
    merged = Summary()
    merged.baseline = BaselineCounts()
    merged.merge(SCENARIOS["block"]().summary())
    assert exit_code(merged, (), "block") == 1


@pytest.mark.parametrize(
    ("state", "since", "note", "said", "named"),
    [
        ("known", DAY, "", "known since 2026-11-20, by the baseline", "known since 2026-11-20"),
        (
            "improved",
            DAY,
            "a was 1, is 2",
            "known since 2026-11-20, by the baseline, better now: a was 1, is 2",
            "improved",
        ),
        ("worsened", None, "a was 2, is 1", "worse than in the baseline: a was 2, is 1", "worsened"),
        ("new", None, "", "", "new"),
        ("new", None, "its effect was flag, and is block", None, "new"),
    ],
)
def test_a_comparison_in_words(state, since, note, said, named):
    found = Comparison("p", "0" * 64, state, since, note)
    assert say_comparison(found) == (f"new against the baseline: {note}" if said is None else said)
    assert name_state(found) == named
    assert (say_comparison(None), name_state(None), say_beyond(SCENARIOS["flag"]().decision)) == ("", "", "")
