"""The key `approvals` of policy sets: who may approve, and what a layer may not widen."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator
from yaml import safe_load

from policy.app.workspace import open_workspace
from policy.errors import PolicyError
from policy.loading.policy_sets.schema import policy_set_json_schema
from policy.model.approval_settings import ApprovalRule, ApprovalSettings

POLICY = "policy: rows\ntitle: Rows\nseverity: low\nrequire: {data.rows: {at_least: 5}}\neffect: hold\n"
HOUR, DAY = 3_600_000, 86_400_000
WHOLE = """{
  roles: {leads: [alice, bob], on-call: [olga]},
  people: {bob: [os:bobby]},
  rules: [{policies: [rows], gates: [run], projects: ['support-*'], roles: [leads], quorum: 2, expires: 9d, runs: 200},
          {gates: [release]}],
  request_expires: 3d, approval_expires: 20d,
  break_glass: {roles: [on-call], longest: 2h}
}"""


@pytest.fixture
def load(write):
    """The approvals of the last of some layers, each of which extends the one before."""

    def read(*layers, first=""):
        files = {"shared/data/rows.yaml": POLICY}
        for number, text in enumerate(layers):
            head = f"extends: [../l{number - 1}]\n" if number else f"policies: [../shared]\n{first}"
            key = "" if text is None else f"approvals: {text}\n"
            files[f"l{number}/policy.yaml"] = f"policy_set: 1\n{head}{key}"
        root = write(files)
        return open_workspace(str(root), str(root / f"l{len(layers) - 1}" / "policy.yaml")).policy_set.approvals

    return read


def refuse(load, *layers, **options):
    with pytest.raises(PolicyError) as refusal:
        load(*layers, **options)
    assert all(problem.remedy and problem.location for problem in refusal.value.problems)
    return [problem.message for problem in refusal.value.problems]


def test_everything_that_can_be_said(load):
    assert load(WHOLE) == ApprovalSettings(
        roles={"leads": ("alice", "bob"), "on-call": ("olga",)},
        people={"bob": ("os:bobby",)},
        rules=(
            ApprovalRule(("rows",), ("run",), ("support-*",), ("leads",), 2, 9 * DAY, 200),
            ApprovalRule(gates=("release",)),
        ),
        request_lasts=3 * DAY,
        approval_lasts=20 * DAY,
        override_roles=("on-call",),
        override_lasts=2 * HOUR,
    )


def test_nothing_said_is_the_default(load):
    assert load(None) is None
    assert load("") is None
    assert load("{}") == ApprovalSettings()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[a]", "`approvals` needs a mapping"),
        ("yes", "`approvals` needs a mapping"),
        ("{role: {}}", "there is no key under `approvals` `role`"),
        ("{roles: [a]}", "`roles` needs a mapping"),
        ("{roles: {leads: alice}}", "`roles.leads`"),
        ("{roles: {leads: []}}", "`roles.leads` names nobody"),
        ("{roles: {leads: [' ']}}", "blank name"),
        ('{roles: {leads: ["al\\x1bice"]}}', "blank name"),
        ("{rules: {roles: [a]}}", "`rules` needs a list"),
        ("{rules: [leads]}", "`rules` needs a mapping"),
        ("{rules: [{role: [a]}]}", "there is no key under `rules` `role`"),
        ("{roles: {leads: [a]}, rules: [{roles: [lead]}]}", "there is no role `lead`"),
        ("{rules: [{policies: [row]}]}", "there is no policy `row`"),
        ("{rules: [{gates: [nightly]}]}", "nightly"),
        ("{rules: [{quorum: 0}]}", "quorum"),
        ("{rules: [{quorum: -1}]}", "quorum"),
        ("{rules: [{quorum: two}]}", "quorum"),
        ("{rules: [{runs: 0}]}", "runs"),
        ("{rules: [{expires: 30}]}", "expires"),
        ("{rules: [{expires: 0d}]}", "`rules.expires` is nothing at all"),
        ("{roles: {leads: [a, A]}, rules: [{roles: [leads], quorum: 2}]}", "2 votes can never be reached"),
        ("{request_expires: 0h}", "nothing at all"),
        ("{approval_expires: soon}", "approval_expires"),
        ("{break_glass: {roles: [on-call]}}", "there is no role `on-call`"),
        ("{break_glass: {longest: 2h}}", "it is not said who may break the glass"),
        ("{break_glass: {}}", "it is not said who may break the glass"),
        ("{break_glass: yes}", "`break_glass` needs a mapping"),
        ("{roles: {o: [a]}, break_glass: {roles: [o], longest: 0h}}", "nothing at all"),
    ],
)
def test_what_is_wrong_is_said_where_it_stands(load, text, message):
    assert any(message in said for said in refuse(load, text))


def test_a_layer_adds_rules_and_roles_and_shortens(load):
    made = load(WHOLE, "{roles: {team: [zoe]}, rules: [{roles: [team]}], approval_expires: 2d, request_expires: 1d}")
    assert made.roles == {"leads": ("alice", "bob"), "on-call": ("olga",), "team": ("zoe",)}
    assert made.rules[-1] == ApprovalRule(roles=("team",))
    assert (len(made.rules), made.approval_lasts, made.request_lasts) == (3, 2 * DAY, DAY)
    assert (made.override_roles, made.override_lasts) == (("on-call",), 2 * HOUR)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("{roles: {leads: [mallory]}}", "`roles.leads`"),
        ("{people: {alice: [mallory]}}", "`people.alice`"),
        ("{approval_expires: 21d}", "`approval_expires`"),
        ("{request_expires: 4d}", "`request_expires`"),
        ("{roles: {mine: [mallory]}, break_glass: {roles: [mine]}}", "`break_glass`"),
    ],
)
def test_a_layer_does_not_widen_who_approves(load, text, what):
    said = [f"{what} would widen who can approve what a policy set below this one holds"]
    assert refuse(load, WHOLE, text) == said
    assert refuse(load, WHOLE, None, text) == said


@pytest.mark.parametrize("first", ["ledger: sqlite:///l.db\n", "final: [rows]\n"])
def test_who_keeps_the_ledger_or_makes_final_settles_it(load, first):
    text = "{roles: {mine: [mallory]}, break_glass: {roles: [mine]}}"
    assert refuse(load, None, text, first=first)
    assert load(None, text).override_roles == ("mine",)


def test_the_json_schema_knows_the_key():
    validator = Draft202012Validator(json.loads(json.dumps(policy_set_json_schema())))

    def errors(text):
        return list(validator.iter_errors(safe_load(text)))

    assert errors(f"policy_set: 1\napprovals: {WHOLE}\n") == []
    for wrong in ("{role: {}}", "{rules: [{gates: [x]}]}", "{rules: [{quorum: 0}]}", "{break_glass: {longest: 2h}}"):
        assert errors(f"policy_set: 1\napprovals: {wrong}\n")
