from __future__ import annotations

import json

import jsonschema
import pytest

from policy.reports.contract import json_schema
from policy.reports.evidence.contract import EvidenceDocument
from tests.gates.cli.conftest import SET, write_manifest, write_policy

AXOLOTL = "base_model: org/model\ndatasets:\n  - {path: ../data/train.jsonl, type: alpaca}\nmicro_batch_size: 1\n"
FILES = {
    "ml-manifest.yaml": write_manifest(
        "tone", "approach: fine-tuning\ndata: {sources: [{path: data/train.jsonl, rows: 1000}]}\n"
    ),
    "train/a.yaml": AXOLOTL,
    "data/train.jsonl": '{"instruction": "a", "output": "b"}\n' * 3,
}


def read(result):
    document = json.loads(result.out)
    jsonschema.validate(document, json_schema(EvidenceDocument))
    EvidenceDocument.model_validate(document)
    return document


def test_text_shows_what_is_declared_beside_what_is_observed(plant, call):
    plant(FILES)
    result = call("evidence")
    lines = [line.split() for line in result.out.splitlines()]
    assert lines[0] == ["tone"]
    assert ["!", "rows", "3", "observed", "data", "files"] in lines
    assert ["!", "1,000", "declared", "ml-manifest.yaml:4"] in lines
    assert [
        "data.sources[].rows",
        "is",
        "declared",
        "as",
        "1000,",
        "and",
        "observed",
        "as",
        "3",
        "(data",
        "files)",
    ] in lines
    assert result.out.splitlines()[-1].startswith("1 subject, ")
    assert (result.code, result.err) == (0, "")


def test_json_follows_its_contract(plant, call):
    plant(FILES)
    (subject,) = read(call("evidence --output json"))["subjects"]
    assert (subject["project"], subject["training_config"]) == ("tone", "train/a.yaml")
    rows = [fact for fact in subject["facts"] if fact["path"] == "data.sources[0].rows"]
    assert [(fact["value"], fact["origin"], fact["judged"]) for fact in rows] == [
        (3, "observed", True),
        (1000, "declared", False),
    ]
    assert len(rows[0]["digest"]) == 64
    assert [found["field"] for found in subject["contradictions"]] == ["data.sources[].rows"]


@pytest.mark.parametrize("files", [{}, {"README.md": "x"}, {"policy.yaml": SET, "policies/a.yaml": ""}])
def test_no_facts_are_an_empty_list(files, plant, call):
    plant({name: text for name, text in files.items() if text or name.endswith(".md")})
    if "policy.yaml" in files:
        plant({"policies/own/a.yaml": write_policy("a", "require: {approach: rag}\neffect: flag\n")})
    result = call("evidence --output json")
    assert read(result)["subjects"] == []
    assert result.code == 0
    assert call("evidence").out == "no facts: there is no ml-manifest.yaml, and nothing that trains\n"


def test_several_projects_with_one_line_between(plant, call):
    folder = plant({f"{name}/ml-manifest.yaml": write_manifest(name) for name in "ab"})
    result = call("evidence --output text --output json=e.json")
    heads = [line for line in result.out.splitlines() if line in ("a", "b")]
    assert heads == ["a", "b"]
    assert "\n\n\n" not in result.out
    document = json.loads((folder / "e.json").read_text(encoding="utf-8"))
    assert [subject["project"] for subject in document["subjects"]] == ["a", "b"]
    assert document["summary"]["subjects"] == 2


def test_a_broken_input_is_no_absence_of_facts(plant, call):
    plant({"a/ml-manifest.yaml": write_manifest("a"), "b/ml-manifest.yaml": "[]"})
    result = call("evidence --output json")
    document = read(result)
    assert [subject["project"] for subject in document["subjects"]] == ["a"]
    (error,) = document["errors"]
    assert error["location"]["file"] == "b/ml-manifest.yaml"
    assert result.err.startswith(f"error: b/ml-manifest.yaml:1:1: {error['message']}\n")
    assert result.code == 2


def test_warnings_change_no_exit_code(plant, call):
    plant({"ml-manifest.yaml": write_manifest("a", "data: {sources: [{path: gone.jsonl}]}\n")})
    result = call("evidence --output json")
    assert [warning["message"] for warning in read(result)["warnings"]] == ["`gone.jsonl` does not exist"]
    assert result.err.startswith("warning: ml-manifest.yaml:3:25: `gone.jsonl` does not exist\n")
    assert result.code == 0


def test_what_policies_ask_for_is_not_known_until_it_is_stated(plant, call):
    plant(
        {
            "policy.yaml": SET,
            "policies/own/staged.yaml": write_policy("staged", "require: {stage: pilot}\neffect: {run: block}\n"),
            "ml-manifest.yaml": write_manifest("a"),
        }
    )
    unknown = read(call("evidence --output json"))["subjects"][0]["unknown"]
    assert [(item["path"], item["policies"]) for item in unknown] == [("stage", ["staged"])]
    plant({"ml-manifest.yaml": write_manifest("a", "stage: pilot\n")})
    assert read(call("evidence --output json"))["subjects"][0]["unknown"] == []
    assert len(read(call("evidence --all --output json"))["subjects"][0]["unknown"]) > 60


def test_the_time_decides_what_dated_tables_tell(plant, call):
    plant({"ml-manifest.yaml": write_manifest("a", "model: {license: apache-2.0}\n")})

    def count_stale(time):
        facts = read(call(f"evidence --output json --effective-time {time}"))["subjects"][0]["facts"]
        return {fact["path"]: fact["value"] for fact in facts}["evidence.stale_tables"]

    assert count_stale("2099-01-01") > 0


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("evidence gone", "there is no `gone`"),
        ("evidence --output jsn", "there is no format `jsn`"),
        ("evidence --output json=", "`--output json=` names no file"),
        (
            "evidence --output json=ml-manifest.yaml",
            "the report would overwrite `ml-manifest.yaml`, which this run reads",
        ),
        ("evidence --config gone.yaml", "gone.yaml"),
    ],
)
def test_a_wrong_call(line, message, plant, call):
    plant(FILES)
    result = call(line)
    assert result.err.startswith("error: ")
    assert message in result.err
    assert (result.code, result.out) == (2, "")


def test_a_broken_policy_set_is_wrong_input(plant, call):
    plant({**FILES, "policy.yaml": "policy_set: 7\n"})
    result = call("evidence")
    assert result.err.startswith("error: policy.yaml:1:13: the policy set's format is `7`")
    assert (result.code, result.out) == (2, "")


def test_without_a_terminal_there_is_no_colour(plant, call):
    plant(FILES)
    assert "\x1b" not in call("evidence").out
