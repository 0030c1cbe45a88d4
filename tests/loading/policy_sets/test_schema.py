"""The JSON Schema of policy sets: editors accept what the reader accepts, and underline what is wrong."""

from __future__ import annotations

import json

import pytest

from policy.errors import PolicyError
from policy.loading.policy_sets.evidence import KINDS as EVIDENCE_KINDS
from policy.loading.policy_sets.files import PolicySetFile
from policy.loading.policy_sets.layers import KEYS
from policy.loading.policy_sets.ledger import KINDS as LEDGER_KINDS
from policy.loading.policy_sets.organisation_fields import KEYS as FIELD_KEYS
from policy.loading.policy_sets.reader import Contributed, load_policy_set
from policy.loading.policy_sets.schema import EVIDENCE_ABOUT, FIELD_ABOUT, LEDGER_ABOUT, policy_set_json_schema
from policy.model.policy import PolicySet
from tests.building import make_document, make_policy
from tests.editor import Editor, see

POLICY = """
policy: volatile-data
title: Data that lasts
when: {approach: {one_of: {param: approaches}}}
require:
  data.change_interval: {at_least: {param: shortest}}
  model.base: {one_of: {param: allowed}}
params:
  shortest: {default: 30d, about: How long the data must stay valid}
  approaches: {default: [fine-tuning, hybrid]}
  allowed: {about: Base models that are approved}
"""
SCHEMA = policy_set_json_schema((make_policy(POLICY),))
EDITOR = Editor(SCHEMA)

GOOD = [
    "policy_set: 1",
    "name: ours",
    "policies: [policies, house/one.yaml]",
    "params: {volatile-data.shortest: 60d, volatile-data.allowed: [qwen, 7e5]}",
    "params: {volatile-data: {shortest: 60d}}",
    "params:",
    "effects: {volatile-data: hold}",
    "effects: {volatile-data: {ci: block, default: flag}}",
    "gates: {ci: {mode: flag, on_error: hold}, run: {}}",
    "modes: {volatile-data: observe}",
    "extends: [base, base/policy.yaml]",
    "without: []",
    "on_unknown: {volatile-data: same}",
    "from: {volatile-data: 2027-01-01}",
    "final: [volatile-data]",
    "plugins: []",
    "evidence: {time_limit: 1.5h, size_limit: 200GiB, mlflow: 'HTTPS://mlflow.example:8443/team/'}",
    "evidence: {}",
    "evidence:",
    "ledger: sqlite:///ledger.db",
    "ledger: postgresql://judge@ledger.example:5433/policy?sslmode=require",
    "ledger: {url: 'sqlite:////var/ledger.db', gates: [ci, release], spool: waiting}",
    "ledger:",
    "fields: {x.tier: {type: enumeration, values: [gold, 1], about: which}, x.sizes: {type: integer, list: true}}",
]
BAD = [
    ("polices: [policies]", "$"),
    ("policies: policies", "$.policies"),
    ("params: {volatile-data.shortest: 60}", "$.params['volatile-data.shortest']"),
    ("params: {volatile-data.allowed: qwen}", "$.params['volatile-data.allowed']"),
    ("params: {volatile-data.approaches: [rga]}", "$.params['volatile-data.approaches'][0]"),
    ("params: {Shortest: 60d}", "$.params"),
    ("params: {volatile-data: {shortst: 60d}}", "$.params['volatile-data']"),
    ("params: {volatile-data: 60d}", "$.params['volatile-data']"),
    ("effects: {volatile-data: blok}", "$.effects['volatile-data']"),
    ("effects: {volatile-data: {cli: block}}", "$.effects['volatile-data']"),
    ("effects: {Volatile Data: block}", "$.effects"),
    ("gates: {cli: {mode: flag}}", "$.gates"),
    ("gates: {ci: {mod: flag}}", "$.gates.ci"),
    ("gates: {ci: {mode: warn}}", "$.gates.ci.mode"),
    ("extends: base", "$.extends"),
    ("extends:", "$.extends"),
    ("without: volatile-data", "$.without"),
    ("final: [Volatile Data]", "$.final[0]"),
    ("final: {volatile-data: true}", "$.final"),
    ("on_unknown: {volatile-data: never}", "$.on_unknown['volatile-data']"),
    ("from: {volatile-data: next year}", "$.from['volatile-data']"),
    ("from: [volatile-data]", "$.from"),
    ("ledger: ledger.db", "$.ledger"),
    ("ledger: sqlite:///", "$.ledger"),
    ("ledger: postgresql://judge:secret@ledger.example/policy", "$.ledger"),
    ("ledger: {url: 'sqlite:///l.db', gates: []}", "$.ledger"),
    ("ledger: {url: 'sqlite:///l.db', gate: [ci]}", "$.ledger"),
    ("evidence: 10min", "$.evidence"),
    ("evidence: {timeout: 10min}", "$.evidence"),
    ("evidence: {time_limit: 600}", "$.evidence.time_limit"),
    ("evidence: {size_limit: 50}", "$.evidence.size_limit"),
    ("evidence: {size_limit: 50 gigabytes}", "$.evidence.size_limit"),
    ("evidence: {mlflow: mlruns}", "$.evidence.mlflow"),
    ("evidence: {mlflow: 'https://ada:secret@mlflow.example'}", "$.evidence.mlflow"),
    ("evidence: {mlflow: 'https://mlflow.example?a=1'}", "$.evidence.mlflow"),
    ("modes: {volatile-data: off}", "$.modes['volatile-data']"),
    ("fields: {team_size: {type: integer}}", "$.fields"),
    ("fields: {x.team_size: {about: people}}", "$.fields['x.team_size']"),
    ("fields: {x.team_size: {type: int}}", "$.fields['x.team_size'].type"),
    ("fields: {x.tier: {type: enumeration}}", "$.fields['x.tier']"),
    ("fields: {x.tier: {type: enumeration, values: []}}", "$.fields['x.tier'].values"),
    ("fields: {x.tier: {type: string, values: [a]}}", "$.fields['x.tier']"),
]


@pytest.fixture
def load(tmp_path):
    """Loads a policy set beside a folder with the policy."""
    (tmp_path / "base").mkdir()
    (tmp_path / "base/policy.yaml").write_text("policy_set: 1\npolicies: [../policies]\n")
    for name in ("policies/volatile-data.yaml", "house/one.yaml"):
        (tmp_path / name).parent.mkdir()
        text = POLICY.replace("volatile-data", "house-rule") if "house" in name else POLICY
        (tmp_path / name).write_text(text + "severity: low\neffect: flag\n")

    def load_text(text: str) -> PolicySet:
        return load_policy_set(
            PolicySetFile(make_document(text, "policy.yaml"), str(tmp_path)), lambda _: Contributed()
        )

    return load_text


def complete(line: str) -> str:
    """A policy set with this line."""
    rest = "" if line.startswith("policies") else "policies: [policies]\n"
    return f"{line}\n{rest}" if line.startswith("policy_set") else f"policy_set: 1\n{line}\n{rest}"


@pytest.mark.parametrize("line", GOOD)
def test_what_is_right_is_read_and_not_underlined(line, load):
    assert load(complete(line)).policies
    assert EDITOR.underlines(see(complete(line))) == []


@pytest.mark.parametrize(("line", "wrong"), BAD)
def test_what_is_wrong_is_refused_and_underlined(line, wrong, load):
    with pytest.raises(PolicyError):
        load(complete(line))
    assert wrong in EDITOR.underlines(see(complete(line)))


@pytest.mark.parametrize("text", ["name: ours", "policy_set: 2", "[]"])
def test_the_format_is_needed(text, load):
    with pytest.raises(PolicyError):
        load(text)
    assert not EDITOR.accepts(see(text))


def test_policies_that_are_added_later_are_not_underlined():
    text = complete("effects: {new-policy: block}") + "params: {new-policy.limit: 5}\nmodes: {new-policy: flag}\n"
    assert EDITOR.underlines(see(text)) == []


def test_every_key_is_described():
    assert list(SCHEMA["properties"]) == list(KEYS)
    assert all(part["description"] for part in SCHEMA["properties"].values())
    assert FIELD_ABOUT.keys() == set(FIELD_KEYS)
    assert EVIDENCE_ABOUT.keys() == EVIDENCE_KINDS.keys()
    assert LEDGER_ABOUT.keys() == LEDGER_KINDS.keys()


def test_a_parameter_is_described_with_its_default():
    params = SCHEMA["properties"]["params"]["properties"]
    assert {name: part["description"] for name, part in params.items() if "." in name} == {
        "volatile-data.shortest": "How long the data must stay valid; by default 30d",
        "volatile-data.approaches": "approaches; by default [fine-tuning, hybrid]",
        "volatile-data.allowed": "Base models that are approved; the policy does not apply without a value",
    }


def test_a_policy_is_described_by_its_title():
    assert SCHEMA["properties"]["effects"]["properties"]["volatile-data"]["description"] == "Data that lasts"


def test_without_policies_it_is_a_schema_too():
    schema = policy_set_json_schema()
    assert Editor(schema).underlines(see(complete("effects: {volatile-data: block}"))) == []
    assert json.loads(json.dumps(schema)) == schema
