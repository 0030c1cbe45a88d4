"""`policy schema`, through the real command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema.validators import validator_for

from policy.gates.cli.main import main
from policy.gates.cli.schema import KINDS
from tests.editor import Editor, see

POLICY_SET = """
policy_set: 1
policies: [policies]
fields:
  x.team_size: {type: integer, about: people on the team}
  x.tier: {type: enumeration, values: [gold, silver], about: which tier}
"""
POLICY = """
policy: small-team
title: Small teams start small
severity: low
require: {x.team_size: {at_least: {param: fewest}}}
params: {fewest: {default: 2, about: People on the team}}
effect: advise
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An organisation with fields and a policy of its own; the working folder."""
    (tmp_path / "policy.yaml").write_text(POLICY_SET)
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "small-team.yaml").write_text(POLICY)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def show(capsys: pytest.CaptureFixture[str]):
    """Runs the command and gives what it prints."""

    def run(*arguments: str) -> dict[str, Any]:
        assert main(["schema", *arguments]) == 0
        schema: dict[str, Any] = json.loads(capsys.readouterr().out)
        return schema

    return run


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_prints_a_schema(kind, show):
    schema = show(kind)
    assert schema["$schema"]
    validator_for(schema).check_schema(schema)


@pytest.mark.usefixtures("project")
def test_a_manifest_is_what_it_describes_by_default(show):
    schema = show()
    assert schema == show("manifest")
    manifest = see("manifest: 1\nproject: p\nx: {team_size: 3, tier: gold}\n")
    assert Editor(schema).underlines(manifest) == []
    assert Editor(schema).underlines({**manifest, "x": {"tier": "bronze"}}) == ["$.x.tier"]


@pytest.mark.usefixtures("project")
def test_policies_and_policy_sets_know_what_the_organisation_declares(show):
    assert Editor(show("policy")).underlines(see(POLICY)) == []
    params = show("policy-set")["properties"]["params"]["properties"]
    assert params["small-team.fewest"]["description"] == "People on the team; by default 2"
    assert Editor(show("policy-set")).underlines(see(POLICY_SET)) == []


def test_another_policy_set_can_be_named(project, show):
    (project / "other.yaml").write_text("policy_set: 1\npolicies: [policies]\nfields: {x.team_size: {type: integer}}\n")
    assert "tier" not in show("manifest", "--config", "other.yaml")["properties"]["x"]["properties"]


def test_without_a_policy_set_there_are_no_fields_of_an_organisation(tmp_path, monkeypatch, show):
    monkeypatch.chdir(tmp_path)
    assert "x" not in show()["properties"]


def test_decisions_need_no_policy_set(project, show):
    (project / "policy.yaml").write_text("policy_set: 7\n")
    assert "decisions" in show("decisions")["properties"]


def test_what_is_wrong_with_the_policy_set_is_said(project, capsys):
    (project / "policy.yaml").write_text("policy_set: 7\n")
    assert main(["schema"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("error: policy.yaml:1:13: the policy set's format is `7`")


@pytest.mark.usefixtures("project")
def test_a_kind_that_is_none_is_refused(capsys):
    assert main(["schema", "manifets"]) == 2
    assert "manifets" in capsys.readouterr().err


@pytest.mark.usefixtures("project")
def test_the_output_is_plain_ascii(capsys):
    assert main(["schema", "policy"]) == 0
    assert capsys.readouterr().out.isascii()


def test_the_help_says_how_an_editor_finds_the_schema(capsys):
    assert main(["schema", "--help"]) == 0
    assert "# yaml-language-server: $schema=ml-manifest.schema.json" in capsys.readouterr().out
