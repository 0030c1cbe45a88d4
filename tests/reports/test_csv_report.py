"""The table: read as spreadsheets and databases read it."""

from __future__ import annotations

import csv
import re
from datetime import date
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.errors import Location, Problem
from policy.model.policy import PolicySet
from policy.model.waiver_entry import WaiverEntry, Waiving
from policy.reports.csv_report import COLUMNS, CsvReporter, defuse
from policy.reports.fingerprints import fingerprint_findings, fingerprint_problem
from tests.reports.scenarios import SCENARIOS, block, undeclared, waived
from tests.reports.whole import HOSTILE, poison, poison_problems, propose, render, render_decisions, render_named

REPORTER = CsvReporter()
# What a spreadsheet takes for a formula.
TRIGGERS = "=+-@\t\r\uff1d\uff0b\uff0d\uff20"


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(text, newline=""), strict=True))


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_table_is_as_kept(name, snapshot):
    text = re.sub("[0-9a-f]{64}", "<digest>", render_named(REPORTER, name))
    snapshot(f"reports/csv/{name}.csv", text)


def test_the_first_row_names_the_columns_and_rows_end_as_the_standard_says():
    text = render_named(REPORTER, *SCENARIOS)
    assert text.startswith("project,manifest,training_config,gate,time,verdict,policy,")
    assert text.count("\n") == text.count("\r\n")
    assert text.endswith("\r\n")
    assert len(set(COLUMNS)) == len(COLUMNS)
    assert all(None not in row and None not in row.values() for row in read(text))


def test_every_outcome_has_a_row_also_what_passed():
    decision = block().decision
    rows = read(render(REPORTER, [block()]))
    assert [(row["policy"], row["outcome"]) for row in rows] == [
        (item.policy, item.outcome) for item in decision.outcomes
    ]
    assert {row["decision"] for row in rows} == {decision.id}
    (row,) = [row for row in rows if row["policy"] == "volatile-data"]
    assert (row["effect"], row["severity"], row["instead"]) == ("block", "critical", "rag")
    assert (row["file"], row["line"], row["column"]) == ("projects/tone/ml-manifest.yaml", "7", "20")


def test_what_was_found_has_the_fingerprint_that_other_reports_have():
    marks = {found.policy: found.fingerprint for found in fingerprint_findings(block().decision)}
    for row in read(render(REPORTER, [block()])):
        assert row["fingerprint"] == marks.get(row["policy"], "")
        assert (row["fingerprint"] == "") == (row["outcome"] == "pass")


def test_what_is_waived_names_its_waiver_and_what_it_would_be():
    scenario = waived()
    entries = [
        WaiverEntry("volatile-data", subject, "kept", "o", "r", expires, id=name)
        for name, subject, expires in (
            ("W-1", "support-*", date(2026, 12, 31)),
            ("W-2", "other", date(2026, 12, 31)),
            ("W-3", "support-*", date(2027, 1, 31)),
        )
    ]
    context = scenario.context()
    policy_set = PolicySet(context.policy_set.policies, waiving=Waiving(tuple(entries)))
    rows = read(render(REPORTER, [scenario], context=context._replace(policy_set=policy_set)))
    found = {row["policy"]: (row["outcome"], row["waiver"], row["without_waiver"], row["would_be"]) for row in rows}
    assert found["volatile-data"] == ("waived", "W-1", "fail", "block")
    assert found["few-examples"] == ("fail", "", "", "")


def test_a_project_without_a_manifest_has_an_empty_cell():
    rows = read(render(REPORTER, [undeclared()]))
    assert {(row["manifest"], row["training_config"]) for row in rows} == {("", "projects/tone/train/axolotl.yaml")}
    assert {row["outcome"] for row in rows} == {"fail", "unknown"}


def test_contradictions_and_problems_with_the_input_have_rows():
    problems = (
        Problem("wrong", "mend it", Location("a.yaml", 4, 2), (("the other", Location("c.yaml")),)),
        Problem("odd", level="warning"),
    )
    rows = read(render_named(REPORTER, "contradiction", problems=problems))
    contradiction, error, warning = rows[-3:]
    assert (contradiction["outcome"], contradiction["line"]) == ("contradiction", "8")
    assert contradiction["project"] == "support-reply-tone"
    assert contradiction["fingerprint"]
    assert (error["outcome"], error["message"], error["fix"]) == ("input error", "wrong", "mend it")
    assert (error["note"], error["file"], error["gate"]) == ("the other: c.yaml:1:1", "a.yaml", "check")
    assert (warning["outcome"], warning["file"], warning["project"]) == ("input warning", "", "")
    assert [row["fingerprint"] for row in (error, warning)] == [fingerprint_problem(each) for each in problems]


def test_what_a_change_proposes_has_a_row():
    *_, row = read(render_decisions(REPORTER, [propose(block().decision)]))
    assert (row["project"], row["policy"], row["outcome"]) == ("support-reply-tone", "", "proposed")
    assert row["message"].endswith("with it the verdict would be allow")


# Hostile texts


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("a-b = c; d", "a-b = c; d"),
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\tx", "'\tx"),
        ("\rx", "'\rx"),
        (" =1", " '=1"),
        ("\uff1d1", "'\uff1d1"),
        ("a;=1", "a;'=1"),
        ("a; -1", "a; '-1"),
        ("", ""),
    ],
)
def test_a_formula_is_defused(text, shown):
    assert defuse(text) == shown


@given(st.text(alphabet=st.sampled_from("=+-@; \t\ra'\"")) | st.text())
def test_nothing_starts_a_formula_whatever_the_separator(text):
    shown = defuse(text)
    assert not any(part.strip()[:1] in TRIGGERS for part in shown.split(";") if part.strip())
    assert shown.replace("'", "") == text.replace("'", "")


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_makes_a_row_or_a_cell_of_its_own(text):
    decision = poison(text)
    output = render_decisions(REPORTER, [decision], poison_problems(text))
    assert output.count("\r\n") == 1 + len(decision.outcomes) + 2 + 1 + 2 == output.count("\n")
    assert all(character.isprintable() or character in "\r\n" for character in output)
    for row in csv.reader(StringIO(output, newline=""), strict=True):
        assert len(row) == len(COLUMNS)
        assert not any(cell.startswith(tuple(TRIGGERS)) for cell in row)


def test_a_cell_is_cut_where_a_spreadsheet_has_no_room_and_says_so():
    project = read(render_decisions(REPORTER, [poison("=" + "x" * 100_000)]))[0]["project"]
    assert project == "'=" + "x" * 31_999 + "\u2026 (68,001 more characters)"
    assert read(render_decisions(REPORTER, [poison("x" * 32_000)]))[0]["project"] == "x" * 32_000
