from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from policy.gates.action.results import MOST_IDS, count_left_out, list_outputs

ACTION = yaml.safe_load((Path(__file__).resolve().parents[3] / "action.yml").read_text(encoding="utf-8"))
# What the step adds to what the report says.
FILES = {"decisions-file", "sarif-file"}


def make_document(ids=("sha256:1",), baseline=None, **verdicts):
    """What is read of a report for programs."""
    return {
        "decisions": [{"id": name} for name in ids],
        "errors": [],
        "baseline": baseline,
        "summary": {
            "subjects": sum(verdicts.values()),
            "verdicts": {"allow": 0, "flag": 0, "hold": 0, "block": 0, **verdicts},
            "outcomes": {"waived": 2, "error": 3},
            "kept_back": {"advise": 1, "flag": 1, "hold": 1, "block": 1},
            "not_assessed": 5,
            "contradictions": 6,
        },
    }


BASELINE = {
    "verdicts": {"allow": 1, "flag": 1, "hold": 0, "block": 0},
    "findings": {"known": 3, "improved": 1, "worsened": 2, "new": 5},
    "fixed": [{}, {}],
}


def test_every_count_has_its_output():
    outputs = list_outputs(1, make_document(("a", "b"), allow=4, flag=3, hold=2, block=1))
    assert outputs == {
        "exit-code": "1",
        "verdict": "block",
        "subjects": "10",
        "allowed": "4",
        "flagged": "3",
        "held": "2",
        "blocked": "1",
        "waived": "2",
        "unknown": "5",
        "errored": "3",
        "kept-back": "4",
        "contradictions": "6",
        "wrong-inputs": "0",
        "decision-ids": "a\nb",
    }


def test_with_a_baseline_the_verdict_is_the_one_beyond_it():
    outputs = list_outputs(0, make_document(baseline=BASELINE, allow=1, block=1))
    assert (outputs["verdict"], outputs["blocked"]) == ("flag", "1")
    assert [outputs[name] for name in ("known", "new", "fixed")] == ["4", "7", "2"]


def test_action_yml_hands_on_every_output_and_no_other():
    names = {*list_outputs(0, make_document(baseline=BASELINE, allow=1)), *FILES}
    assert set(ACTION["outputs"]) == names
    for name, told in ACTION["outputs"].items():
        assert told["value"] == f"${{{{ steps.check.outputs.{name} }}}}"


@pytest.mark.parametrize(
    ("code", "verdicts", "verdict"),
    [
        (0, {"allow": 1}, "allow"),
        (0, {"allow": 1, "flag": 1}, "flag"),
        (1, {"flag": 1}, "flag"),
        (4, {"allow": 9, "hold": 1}, "hold"),
        (1, {"hold": 1, "block": 1}, "block"),
        # Nothing that a change touches, and nothing at all.
        (0, {}, "none"),
        (3, {}, "none"),
        # Whatever the report says, somebody has to mend something first.
        (2, {"allow": 1}, "error"),
        (70, {"allow": 1}, "error"),
        (-9, {"allow": 1}, "error"),
        (137, {"allow": 1}, "error"),
    ],
)
def test_the_verdict_of_a_run(code, verdicts, verdict):
    assert list_outputs(code, make_document(**verdicts))["verdict"] == verdict


@pytest.mark.parametrize(("code", "verdict"), [(0, "error"), (1, "error"), (2, "error"), (3, "none"), (70, "error")])
def test_without_a_report_no_number_is_given(code, verdict):
    assert list_outputs(code, None) == {"exit-code": str(code), "verdict": verdict}
    assert count_left_out(None) == 0


def test_ids_beyond_what_an_output_holds_are_counted():
    document = make_document([f"sha256:{number:064}" for number in range(MOST_IDS + 3)], allow=MOST_IDS + 3)
    ids = list_outputs(0, document)["decision-ids"]
    assert len(ids.splitlines()) == MOST_IDS
    assert len(ids) < 1_000_000
    assert count_left_out(document) == 3
