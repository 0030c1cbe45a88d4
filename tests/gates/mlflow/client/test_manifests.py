"""The manifest of a run is the one that is named, or the nearest above the working folder, inside its repository."""

from __future__ import annotations

import json

import pytest

from policy.app.runs.intent import Intent, find_manifest
from policy.app.runs.sent import name_body
from policy.errors import PolicyError
from policy.gates.mlflow.client import manifests
from policy.gates.mlflow.client.manifests import read_outgoing

NOTHING = Intent()


def test_it_is_found_from_any_folder_below(project, monkeypatch):
    (project / "src" / "deep").mkdir(parents=True)
    monkeypatch.chdir(project / "src" / "deep")
    assert find_manifest(NOTHING) == str((project / "ml-manifest.yaml").resolve())


def test_the_nearest_is_taken(project, monkeypatch):
    (project / "a").mkdir()
    (project / "a" / "ml-manifest.yaml").write_text("manifest: 1\nproject: a\n")
    monkeypatch.chdir(project / "a")
    assert find_manifest(NOTHING) == str((project / "a" / "ml-manifest.yaml").resolve())


def test_none_is_taken_from_above_the_repository(project, monkeypatch):
    (project / "inner" / ".git").mkdir(parents=True)
    monkeypatch.chdir(project / "inner")
    assert find_manifest(NOTHING) is None
    assert read_outgoing(NOTHING) is None


def test_without_a_repository_only_the_working_folder_counts(project, monkeypatch):
    (project / ".git").rmdir()
    assert find_manifest(NOTHING) is not None
    (project / "src").mkdir()
    monkeypatch.chdir(project / "src")
    assert find_manifest(NOTHING) is None


def test_a_file_or_its_folder_can_be_named(project, monkeypatch):
    monkeypatch.chdir("/")
    whole = str((project / "ml-manifest.yaml").resolve())
    assert find_manifest(Intent(str(project))) == find_manifest(Intent(str(project / "ml-manifest.yaml"))) == whole


def test_it_is_looked_for_in_another_folder(project, monkeypatch):
    (project / "src").mkdir()
    monkeypatch.chdir("/")
    assert find_manifest(Intent(folder=str(project / "src"))) == str((project / "ml-manifest.yaml").resolve())


@pytest.mark.parametrize("named", ["nowhere", "nowhere/ml-manifest.yaml", ".git"])
def test_one_that_is_named_must_be_there(named):
    with pytest.raises(PolicyError, match="there is no manifest"):
        find_manifest(Intent(named))


def test_what_is_sent_has_the_name_of_its_bytes():
    outgoing = read_outgoing(NOTHING)
    assert outgoing is not None
    assert outgoing.digest == name_body(outgoing.body)
    assert json.loads(outgoing.body)["manifest"] == {"manifest": 1, "project": "support", "data": {"rows": 500}}


@pytest.fixture
def data(project):
    (project / "train.jsonl").write_text('{"prompt": "a secret", "completion": "b"}\n')
    text = "manifest: 1\nproject: support\ndata: {sources: [{path: train.jsonl}]}\n"
    (project / "ml-manifest.yaml").write_text(text)
    return text


@pytest.mark.usefixtures("data")
def test_what_can_be_seen_of_the_data_goes_with_it():
    outgoing = read_outgoing(NOTHING)
    assert outgoing is not None
    facts = json.loads(outgoing.body)["facts"]
    assert facts["data.rows"] == 1
    assert len(facts["data.digest"]) == 64
    assert b"secret" not in outgoing.body


@pytest.mark.usefixtures("data")
def test_it_is_looked_at_once_in_a_while(project, monkeypatch):
    first = read_outgoing(NOTHING)
    (project / "train.jsonl").write_text('{"prompt": "other", "completion": "b"}\n')
    assert read_outgoing(NOTHING) is first
    monkeypatch.setattr(manifests, "KEPT_SECONDS", -1)
    assert read_outgoing(NOTHING) != first


def test_what_makes_it_too_large_is_left_out(data, project):
    filled = data + "owner: {team: " + "x" * (65_536 - 170) + "}\n"
    (project / "ml-manifest.yaml").write_text(filled)
    outgoing = read_outgoing(NOTHING)
    assert outgoing is not None
    assert "facts" not in json.loads(outgoing.body)


def test_an_organisations_fields_are_those_of_the_policy_set_in_force(project):
    fields = "fields:\n  x.cost_centre: {type: string, about: who pays}\n"
    (project / "policy.yaml").write_text(f"policy_set: 1\n{fields}")
    (project / "ml-manifest.yaml").write_text("manifest: 1\nproject: support\nx: {cost_centre: '12'}\n")
    outgoing = read_outgoing(NOTHING)
    assert outgoing is not None
    assert json.loads(outgoing.body)["manifest"]["x"] == {"cost_centre": "12"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"\xff", "not UTF-8"),
        (b"", "empty"),
        (b"- a", "not a mapping"),
        (b"manifest: 1", "names no project"),
        (b"manifest: 1\nproject: a\nx: {nothing: 1}", "unknown field `x`"),
        (b"manifest: 1\nproject: a\nowner: {team: " + b"x" * 65_536 + b"}", "65,536 bytes at most"),
        (b"manifest: 1\nproject: a\ntried: " + b"[" * 1000, "ml-manifest.yaml:3"),
    ],
)
def test_a_manifest_that_cannot_be_sent(text, message, project):
    (project / "ml-manifest.yaml").write_bytes(text)
    with pytest.raises(PolicyError, match=message):
        read_outgoing(NOTHING)
