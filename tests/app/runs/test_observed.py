"""What is seen of a project before its run begins: counts and digests, soon, and nothing that is in the data."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from policy.app.runs.observed import TOLD, observe_project
from policy.app.runs.sent import can_tell, decode_sent, encode_sent
from policy.model.fields import SCHEMA
from policy.model.manifest import read_manifest
from policy.source.yaml_reader import read_yaml_file

MANIFEST = "manifest: 1\nproject: support\napproach: fine-tuning\ndata: {sources: [{path: train.jsonl}]}\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch) -> Path:
    (tmp_path / ".git").mkdir()
    (tmp_path / "ml-manifest.yaml").write_text(MANIFEST)
    lines = [
        json.dumps({"prompt": f"the secret {number}", "completion": "AKIAIOSFODNN7EXAMPLE"}) for number in range(9)
    ]
    (tmp_path / "train.jsonl").write_text("\n".join([*lines, lines[0]]) + "\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def observe(folder: Path, **limits: int) -> dict[str, object]:
    return {fact.path: fact.value for fact in observe_project(str(folder / "ml-manifest.yaml"), SCHEMA, **limits)}


def test_rows_and_digest_are_seen(project):
    seen = observe(project)
    assert seen["data.rows"] == 10
    assert len(str(seen["data.digest"])) == 64
    (project / "train.jsonl").write_text('{"prompt": "a", "completion": "b"}\n')
    assert observe(project)["data.digest"] != seen["data.digest"]


def test_nothing_of_the_data_is_told(project):
    assert observe(project).keys() <= TOLD
    assert "secret" not in str(observe(project))
    assert "AKIA" not in str(observe(project))


def test_all_of_it_is_for_a_client_to_tell():
    assert all(can_tell(SCHEMA.fields[path]) for path in TOLD)


def test_what_is_sent_is_read_again_as_a_claim(project):
    file = str(project / "ml-manifest.yaml")
    manifest = read_manifest(read_yaml_file(file, "ml-manifest.yaml"))
    sent = decode_sent(encode_sent(manifest, SCHEMA, observe_project(file, SCHEMA)))
    claims = {claim.path: (claim.value, claim.origin) for claim in sent.claims}
    assert claims["data.rows"] == (10, "declared")
    assert claims["data.digest"] == (observe(project)["data.digest"], "declared")


def test_what_takes_too_long_is_left_out(project):
    assert observe(project, milliseconds=0) == {}


@pytest.mark.parametrize("name", ["missing.jsonl", "folder", "../outside.jsonl"])
def test_data_that_cannot_be_read_is_left_out(name, project):
    (project / "folder").mkdir()
    (project / "ml-manifest.yaml").write_text(MANIFEST.replace("train.jsonl", name))
    assert "data.rows" not in observe(project)


def test_of_several_trainings_only_what_holds_for_all_is_told(project):
    for name, data in (("one", "train.jsonl"), ("two", "other.jsonl")):
        (project / f"{name}.yaml").write_text(
            f"base_model: m\nadapter: lora\ndatasets: [{{path: {data}, type: alpaca}}]\n"
        )
    (project / "other.jsonl").write_text('{"instruction": "a", "output": "b"}\n')
    (project / "ml-manifest.yaml").write_text("manifest: 1\nproject: support\napproach: fine-tuning\n")
    assert observe(project) == {}
    (project / "two.yaml").unlink()
    assert observe(project)["data.rows"] == 10


def test_other_projects_below_are_not_looked_at(project):
    (project / "ml-manifest.yaml").write_text("manifest: 1\nproject: outer\n")
    (project / "inner").mkdir()
    (project / "inner" / "ml-manifest.yaml").write_text(MANIFEST)
    (project / "train.jsonl").rename(project / "inner" / "train.jsonl")
    assert observe(project) == {}
    assert observe(project / "inner")["data.rows"] == 10
