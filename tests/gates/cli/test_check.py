from __future__ import annotations

import json

import pytest

from policy.app import checking
from policy.reports.contract import json_schema
from tests.gates.cli.conftest import SET, write_manifest, write_policy

ALL = {"fine": "retired", "flagged": "experiment", "held": "prototype", "blocked": "production"}
RUN = "check --gate run"


@pytest.mark.parametrize(
    ("projects", "call_line", "code"),
    [
        (["fine"], "check", 0),
        (["fine", "flagged"], "check", 0),
        (["blocked", "fine"], "check", 1),
        # Nobody can approve at a terminal; a run can wait.
        (["held"], "check", 0),
        (["held", "fine"], RUN, 4),
        (["held", "blocked"], RUN, 1),
        (["flagged"], "check --fail-on flag", 1),
        (["held"], f"{RUN} --fail-on flag", 1),
        (["held"], f"{RUN} --fail-on hold", 1),
        (["flagged"], "check --fail-on hold", 0),
        (["fine"], "check --fail-on flag", 0),
    ],
)
def test_the_worst_verdict_decides_the_exit_code(projects, call_line, code, stages, call):
    stages({name: ALL[name] for name in projects})
    result = call(call_line)
    assert result.code == code
    assert result.err == ""


@pytest.mark.parametrize(("rest", "code"), [(["blocked", "held"], 2), (["fine"], 2), ([], 2)])
def test_wrong_input_comes_before_any_verdict(rest, code, stages, plant, call):
    stages({name: ALL[name] for name in rest})
    plant({"bad/ml-manifest.yaml": "[]"})
    assert call(RUN).code == code


def test_projects_are_shown_worst_first_with_one_line_between(stages, call):
    stages(ALL)
    result = call(RUN)
    heads = [line.split()[1] for line in result.out.splitlines() if line.startswith(("allow", "flag", "hold", "block"))]
    assert heads == ["blocked", "held", "flagged", "fine"]
    assert "\n\n\n" not in result.out
    assert result.out.splitlines()[-1].startswith("1 blocked, 1 held for approval, 1 flagged, 1 allowed")


def test_json_follows_its_contract_in_the_order_of_the_files(stages, call):
    jsonschema = pytest.importorskip("jsonschema")
    stages(ALL)
    result = call(f"{RUN} --output json")
    document = json.loads(result.out)
    jsonschema.validate(document, json_schema())
    assert [decision["project"] for decision in document["decisions"]] == sorted(ALL)
    assert document["summary"]["verdicts"] == {"allow": 1, "flag": 1, "hold": 1, "block": 1}


def test_several_reports_of_one_run(stages, call, tmp_path):
    stages(ALL)
    result = call("check -o json=x.json -o text=x.txt -o text")
    assert (tmp_path / "x.txt").read_text(encoding="utf-8") == result.out
    assert len(json.loads((tmp_path / "x.json").read_text())["decisions"]) == 4
    assert result.code == 1


def test_problems_stand_in_the_report_and_on_standard_error(stages, plant, call):
    stages({"fine": "retired"})
    plant({"bad/ml-manifest.yaml": write_manifest("bad", "stage: pilt\n")})
    result = call("check --output json")
    (error,) = json.loads(result.out)["errors"]
    assert error["location"]["file"] == "bad/ml-manifest.yaml"
    assert result.err.startswith(f"error: bad/ml-manifest.yaml:3:8: {error['message']}\n")
    assert f"  help: {error['remedy']}\n" in result.err


def test_only_what_is_asked_for_is_judged(stages, call):
    stages(ALL)
    assert call("check fine").code == 0
    assert call("check fine/ml-manifest.yaml").code == 0
    assert call("check fine blocked").code == 1


def test_the_gate_decides_the_effect(plant, call):
    effect = "effect: {commit: advise, ci: flag, run: block}\n"
    plant(
        {
            "policy.yaml": SET,
            "policies/own/own.yaml": write_policy("own", f"require: {{approach: rag}}\n{effect}"),
            "ml-manifest.yaml": write_manifest("a", "approach: fine-tuning\n"),
        }
    )
    verdicts = {gate: call(f"check --gate {gate}").out.split()[0] for gate in ("commit", "ci", "run")}
    assert verdicts == {"commit": "allow", "ci": "flag", "run": "block"}
    result = call("check --gate release")
    assert result.err.startswith("error: no policy is judged at the gate `release`\n")
    assert result.code == 3


def test_the_effective_time_is_the_clock_of_the_run(stages, call):
    stages({"fine": "retired"})
    for given, shown in {
        "2027-01-01": "2027-01-01T00:00:00Z",
        "2027-01-01T12:00:00+02:00": "2027-01-01T10:00:00Z",
    }.items():
        document = json.loads(call(f"check --output json --effective-time {given}").out)
        assert document["decisions"][0]["time"] == shown


def test_a_config_can_be_named(stages, plant, call):
    stages({"blocked": "production"})
    plant({"strict/other.yaml": "policy_set: 1\npolicies: [catalogue:alternatives]\n"})
    result = call("check --config strict/other.yaml --output json")
    policies = {outcome["policy"] for outcome in json.loads(result.out)["decisions"][0]["outcomes"]}
    assert "rag-tried" in policies
    assert "block" not in policies


def test_several_processes_give_the_same_reports(stages, plant, call, monkeypatch):
    monkeypatch.setattr(checking, "CHUNK", 2)
    stages({f"{name}{number}": stage for number in range(2) for name, stage in ALL.items()})
    plant({"bad/ml-manifest.yaml": "[]"})
    for form in ("text", "json"):
        one, two = (call(f"{RUN} -o {form} --effective-time 2027-01-01 --jobs {jobs}") for jobs in (1, 2))
        assert one == two
        assert one.code == 2


CONFIG = "base_model: a/b\nmicro_batch_size: 1\ndatasets: [{path: a/b, type: alpaca}]\nadapter: lora\n"


def test_a_training_config_without_a_manifest_is_judged(plant, call):
    plant({"train.yaml": CONFIG})
    result = call("check")
    assert "train.yaml" in result.out
    assert "undeclared-fine-tuning" in result.out


@pytest.mark.parametrize("place", ["empty", "empty/notes.yaml"])
def test_nothing_to_judge_is_no_pass(place, plant, call):
    plant({"empty/notes.yaml": "a: 1\n"})
    result = call(f"check {place}")
    assert result.err.startswith(f"error: there is nothing to judge in {place}: ")
    assert result.out == "nothing was judged · 1 problem with the input (on standard error)\n"
    assert result.code == 3


def test_a_report_file_says_that_nothing_was_judged(plant, call, tmp_path):
    plant({"notes.txt": ""})
    assert call("check -o json=x.json").code == 3
    assert json.loads((tmp_path / "x.json").read_text())["decisions"] == []
