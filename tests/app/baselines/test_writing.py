"""The file of a baseline, against one that is kept for good."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.app.baselines.writing import write_baseline
from policy.loading.baselines import FORMAT, read_baseline
from policy.model.baseline import Baseline, BaselineEntry
from policy.model.fingerprint import make_fingerprint
from policy.reports.baseline_contract import BaselineDocument, baseline_json_schema
from tests.app.baselines.building import DAY, DIGEST, FILE, LATER, record
from tests.reports.scenarios import SCENARIOS
from tests.reports.whole import HOSTILE

GOLDEN = Path(__file__).parents[2] / "golden" / "policy-baseline-1.json"


def test_a_kept_file_is_read_and_written_as_it_stands():
    baseline = read_baseline(GOLDEN.read_bytes(), FILE)
    assert write_baseline(baseline).encode() == GOLDEN.read_bytes()
    assert {entry.outcome for entry in baseline.entries} == {"fail", "unknown", "error", "contradiction"}
    assert {entry.gate for entry in baseline.entries} == {"check", "ci"}
    assert {entry.project is None for entry in baseline.entries} == {True, False}


@pytest.mark.parametrize("name", SCENARIOS)
def test_what_is_written_is_read_and_meets_the_schema(name):
    decision = SCENARIOS[name]().decision
    if decision.gate == "release":
        decision = decision._replace(gate="ci")
    baseline = record(decision)
    text = write_baseline(baseline)
    assert read_baseline(text.encode(), FILE) == baseline
    document = json.loads(text)
    BaselineDocument.model_validate(document)
    jsonschema.Draft202012Validator(baseline_json_schema()).validate(document)
    assert document["format"] == FORMAT
    # A finding a line, so that a change can be read.
    assert sum('"fingerprint"' in line for line in text.splitlines()) == len(baseline.entries)


def test_the_kept_file_meets_the_schema():
    jsonschema.Draft202012Validator.check_schema(baseline_json_schema())
    jsonschema.Draft202012Validator(baseline_json_schema()).validate(json.loads(GOLDEN.read_bytes()))
    BaselineDocument.model_validate(json.loads(GOLDEN.read_bytes()))


def make_entry(text: str, since=DAY) -> BaselineEntry:
    traits, values = (("model.base", text),), ((text, text),)
    mark = make_fingerprint(text, text, traits, "fail", values)
    return BaselineEntry(text, text, text, "check", "fail", "block", "low", traits, values, mark, since)


@pytest.mark.parametrize("text", [text for text in HOSTILE if text])
def test_texts_of_any_origin_come_back_as_they_were(text):
    baseline = Baseline(FILE, (make_entry(text),), (("check", DIGEST),))
    written = write_baseline(baseline)
    assert read_baseline(written.encode(), FILE) == baseline
    assert all(line.isprintable() for line in written.splitlines())


@given(st.text(min_size=1), st.dates())
def test_whatever_is_written_is_read(text, since):
    baseline = Baseline(FILE, (make_entry(text, since), make_entry("b", LATER)), (("check", DIGEST),))
    assert read_baseline(write_baseline(baseline).encode(), FILE) == baseline
