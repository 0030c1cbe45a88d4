from __future__ import annotations

import json

import pytest

from policy.gates.cli.main import main
from tests.gates.cli.conftest import write_policy

SHARED = {
    "shared/one/rows.yaml": write_policy(
        "rows",
        "require: {data.rows: {at_least: {param: fewest}}, model.base: {one_of: {param: approved}}}\n"
        "params: {fewest: {default: 100}, approved: {about: Base models}}\neffect: {ci: block, default: flag}\n",
    ),
    "shared/one/owned.yaml": write_policy("owned", "require: {present: [owner.team]}\neffect: hold\n"),
    "shared/one/idle.yaml": write_policy("idle", "require: {present: [owner.team]}\neffect: {run: hold}\n"),
}
LAYERS = {
    "acme/policy.yaml": """\
policy_set: 1
name: acme
policies: [../shared]
gates: {ci: {on_error: hold}}
final: [rows]
""",
    "policy.yaml": """\
policy_set: 1
extends: [acme]
params: {rows.fewest: 250}
effects: {rows: {ci: block}}
on_unknown: {owned: same}
modes: {owned: flag}
from: {owned: 2027-01-01}
evidence: {size_limit: 80GB}
""",
}


@pytest.fixture
def layers(plant):
    return plant({**SHARED, **LAYERS})


SHOWN = """\
acme at the gate ci
digest DIGEST

layers, the base first
  acme/policy.yaml
  policy.yaml

gate ci
  mode        enforce
  on_error    hold  (acme/policy.yaml:4)

evidence
  time_limit  10min
  size_limit  80 GB  (policy.yaml:8)
  mlflow      not set

owned: flag, would hold: in force from 2027-01-01; the mode is flag  (acme/policy.yaml:3)
  effect      hold
  on_unknown  hold  (policy.yaml:5)
  mode        flag  (policy.yaml:6)
  from        2027-01-01  (policy.yaml:7)

rows: block  (acme/policy.yaml:3)
  effect      block  (policy.yaml:4)
  on_unknown  hold
  mode        enforce
  final       yes  (acme/policy.yaml:5)
  fewest      250  (policy.yaml:3)
  approved    not set

not judged at ci: idle

loosened by a layer
  policy.yaml:6: the mode of `owned` falls from enforce to flag
  policy.yaml:7: `owned` acts in full from 2027-01-01 instead of at once

2 policies judged at the gate ci
"""


@pytest.mark.usefixtures("layers")
def test_everything_that_is_in_force_and_who_says_so(call):
    result = call("set show --gate ci --effective-time 2026-12-31")
    lines = result.out.splitlines()
    assert lines[1].startswith("digest sha256:")
    assert result.out.replace(lines[1], "digest DIGEST") == SHOWN
    assert (result.code, result.err) == (0, "")


@pytest.mark.usefixtures("layers")
def test_the_same_as_json(call):
    document = json.loads(call("set show --gate ci --effective-time 2027-01-01 -o json").out)
    owned, rows = document.pop("policies")
    assert document.pop("digest").startswith("sha256:")
    assert document == {
        "format": "policy-set-view/1",
        "name": "acme",
        "layers": ["acme/policy.yaml", "policy.yaml"],
        "gate": {
            "name": "ci",
            "mode": {"value": "enforce", "set_at": None},
            "on_error": {"value": "hold", "set_at": "acme/policy.yaml:4:24"},
        },
        "evidence": {
            "time_limit": {"value": "10min", "set_at": None},
            "size_limit": {"value": "80 GB", "set_at": "policy.yaml:8:24"},
            "mlflow": {"value": None, "set_at": None},
        },
        "ledger": None,
        "approvals": None,
        "waivers": None,
        "mlflow": None,
        "not_judged": ["idle"],
        "loosenings": [
            {"message": "the mode of `owned` falls from enforce to flag", "set_at": "policy.yaml:6:16"},
            {"message": "`owned` acts in full from 2027-01-01 instead of at once", "set_at": "policy.yaml:7:15"},
        ],
    }
    assert owned["acts"] == {"effect": "flag", "would_be": "hold", "note": "the mode is flag"}
    assert owned["from"] == {"value": "2027-01-01", "set_at": "policy.yaml:7:15"}
    assert rows == {
        "policy": "rows",
        "title": "About rows",
        "severity": "low",
        "put_in_force_at": "acme/policy.yaml:3:12",
        "effect": {"value": "block", "set_at": "policy.yaml:4:22"},
        "on_unknown": {"value": "hold", "set_at": None},
        "mode": {"value": "enforce", "set_at": None},
        "from": {"value": None, "set_at": None},
        "params": {
            "fewest": {"value": "250", "set_at": "policy.yaml:3:23"},
            "approved": {"value": None, "set_at": None},
        },
        "final_at": "acme/policy.yaml:5:9",
        "acts": {"effect": "block", "would_be": None, "note": ""},
    }


def test_files_are_named_from_the_working_folder(layers, capsys, monkeypatch):
    (layers / "deep").mkdir()
    (layers / ".git").mkdir()
    (layers / ".git" / "HEAD").write_text("")
    monkeypatch.chdir(layers / "deep")
    assert main(["set", "show", "--gate", "ci"]) == 0
    shown = capsys.readouterr().out
    assert "  ../acme/policy.yaml\n  ../policy.yaml\n" in shown
    assert "fewest      250  (../policy.yaml:3)" in shown


def test_without_a_policy_set_the_catalogue_is_shown(call):
    result = call("set show")
    assert result.out.startswith("catalogue at the gate check\ndigest sha256:")
    assert "layers" not in result.out
    assert "\nfew-examples: " in result.out
    assert result.code == 0


BELOW = """\
policy_set: 1
name: acme
policies: []
ledger: sqlite:///ledger.db
waiver_rules: {approvers: {default: [carol, zoe]}, longest: 60d}
approvals:
  roles: {leads: [alice, bob], on-call: [carol]}
  people: {alice: [alice@example.com]}
  rules: [{gates: [run], policies: [], projects: [search-*], roles: [leads], quorum: 2, runs: 200, expires: 7d}]
  break_glass: {roles: [on-call], longest: 2h}
"""
ABOVE = """\
policy_set: 1
extends: [../acme]
policies: [../shared]
waivers: [waivers.yaml]
waiver_rules: {approvers: {default: [carol]}, warn_before: 20d, protected: [owned]}
trusted: {revision: origin/main}
approvals:
  roles: {search: [sam]}
  request_expires: 7d
  rules: [{roles: [search]}, {}]
"""
SHOWN_APPROVALS = """
approvals
  roles.leads          alice, bob  (acme/policy.yaml:7)
  roles.on-call        carol  (acme/policy.yaml:7)
  roles.search         sam  (team/policy.yaml:8)
  people.alice         alice@example.com  (acme/policy.yaml:8)
  rules[0]             gates run; projects search-*; roles leads; quorum 2; expires 7d; runs 200  (acme/policy.yaml:9)
  rules[1]             roles search; quorum 1  (team/policy.yaml:10)
  rules[2]             roles anybody; quorum 1  (team/policy.yaml:10)
  request_expires      7d  (team/policy.yaml:9)
  approval_expires     30d
  break_glass.roles    on-call  (acme/policy.yaml:10)
  break_glass.longest  2h  (acme/policy.yaml:10)

waivers
  files[0]             team/waivers.yaml, listed by team/policy.yaml
  approvers.default    carol  (team/policy.yaml:5)
  longest              60d  (acme/policy.yaml:5)
  warn_before          20d  (team/policy.yaml:5)
  protected.owned      nobody may waive it  (team/policy.yaml:5)
  trusted.revision     origin/main  (team/policy.yaml:6)
  trusted.code_owners  no  (team/policy.yaml:6)

"""


def test_who_may_approve_and_waive_and_which_layer_says_it(call, plant):
    files = {"acme/policy.yaml": BELOW, "team/policy.yaml": ABOVE, "team/waivers.yaml": "waivers: 1\nentries: []\n"}
    plant({**SHARED, **files})
    assert SHOWN_APPROVALS in call("set show --config team/policy.yaml").out
    shown = json.loads(call("set show --config team/policy.yaml -o json").out)
    assert shown["approvals"]["roles.leads"] == {"value": "alice, bob", "set_at": "acme/policy.yaml:7:18"}
    assert shown["approvals"]["approval_expires"] == {"value": "30d", "set_at": None}
    assert shown["waivers"]["approvers.default"]["value"] == "carol"


def test_what_holds_of_approvals_where_only_a_ledger_is_named(call, plant):
    plant({**SHARED, "policy.yaml": "policy_set: 1\npolicies: [shared]\nledger: sqlite:///ledger.db\n"})
    shown = json.loads(call("set show -o json").out)
    assert shown["waivers"] is None
    assert {name: one["value"] for name, one in shown["approvals"].items()} == {
        "request_expires": "14d",
        "approval_expires": "30d",
        "break_glass.roles": "nobody",
        "break_glass.longest": "4h",
    }


SERVER = """\
policy_set: 1
policies: [shared]
mlflow:
  app: basic-auth
  experiments:
    - {name: [canary, "b?"], id: 7, project: "*", mode: observe, policy_set: team/policy.yaml}
    - {name: "*", project: bot, principals: [ada, ci-*], models: bot-*}
  attesters: ci-bot
"""
SHOWN_SERVER = """
mlflow
  app               basic-auth  (policy.yaml:4)
  server            mlflow
  without_manifest  block
  attesters         ci-bot  (policy.yaml:8)
  experiments[0]    name canary, b?; id 7; project *; mode observe; policy_set team/policy.yaml  (policy.yaml:6)
  experiments[1]    name *; project bot; principals ada, ci-*; models bot-*  (policy.yaml:7)

"""


def test_an_mlflow_server_and_what_governs_it(call, plant):
    plant({**SHARED, "policy.yaml": SERVER})
    assert SHOWN_SERVER in call("set show --gate run").out
    shown = json.loads(call("set show --gate check -o json").out)["mlflow"]
    assert shown["app"] == {"value": "basic-auth", "set_at": "policy.yaml:4:8"}
    assert shown["server"] == {"value": "mlflow", "set_at": None}
    assert shown["experiments[1]"]["set_at"] == "policy.yaml:7:7"


# A new one


def test_a_new_policy_set_observes_where_others_depend_on_the_gate(plant, call):
    plant({"acme/x.txt": ""})
    result = call("set init --output acme/policy.yaml")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("wrote acme/policy.yaml: ")
    assert "`policy check --config acme/policy.yaml` judges with it" in result.out
    modes = {
        gate: json.loads(call(f"set show --gate {gate} --config acme/policy.yaml -o json").out)["gate"]["mode"]["value"]
        for gate in ("check", "commit", "ci", "run", "release")
    }
    assert modes == {"check": "enforce", "commit": "flag", "ci": "observe", "run": "observe", "release": "observe"}
    shown = call("set show --config acme/policy.yaml").out
    assert shown.startswith("acme at the gate check")


def test_its_comments_can_be_taken_at_their_word(plant, call, tmp_path):
    """Each line that is commented out is read as it stands, once the mark before it is taken away."""
    plant({"team/policies/own/my-policy.yaml": write_policy("my-policy", "require: {approach: rag}\neffect: flag\n")})
    assert "next: `policy check` judges with it, and `policy set show --gate ci`" in call("set init").out
    assert call("set init --team --output team/policy.yaml").code == 0
    for name in ("policy.yaml", "team/policy.yaml"):
        lines = (tmp_path / name).read_text().splitlines()
        keys = ("modes", "from", "final", "policies", "params", "effects")
        shown = [line[2:] if line.startswith(tuple(f"# {key}: " for key in keys)) else line for line in lines]
        assert shown != lines
        (tmp_path / name).write_text("\n".join(shown) + "\n")
        assert call(f"set show --config {name}").code == 0, name


def test_a_new_layer_leaves_the_gates_to_those_below(layers, call):
    (layers / "team").mkdir()
    result = call("set init --extends acme --name friends --output team/policy.yaml")
    assert (result.code, result.out.splitlines()[0]) == (0, "wrote team/policy.yaml: 3 policies in force")
    shown = call("set show --gate ci --config team/policy.yaml").out
    assert shown.startswith("friends at the gate ci\n")
    assert "  acme/policy.yaml\n  team/policy.yaml\n" in shown
    assert "loosened" not in shown
    assert "on_error    hold" in shown


def test_a_team_builds_on_the_nearest_policy_set_above(layers, call):
    (layers / "a" / "b").mkdir(parents=True)
    assert call("set init --team --output a/b/policy.yaml").code == 0
    assert "extends: [../../policy.yaml]" in (layers / "a/b/policy.yaml").read_text()
    assert call("set show --config a/b/policy.yaml").out.splitlines()[3:7] == [
        "layers, the base first",
        "  acme/policy.yaml",
        "  policy.yaml",
        "  a/b/policy.yaml",
    ]


@pytest.mark.parametrize("name", ["null", "a: b", "[x]", "naïve #1", "'", "-", "!x", "7e5"])
def test_any_name_can_be_written(plant, capsys, name):
    plant({})
    assert main(["set", "init", "--name", name]) == 0
    capsys.readouterr()
    assert main(["set", "show", "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["name"] == name


REFUSED = [
    ("set init", {"policy.yaml": "kept"}, "error: `policy.yaml` exists and is left as it is"),
    ("set init --output p.toml", {}, "error: `p.toml` would not be read as YAML"),
    ("set init --extends gone", {}, "error: there is no policy set at `gone`"),
    ("set init --extends empty", {"empty/x": ""}, "error: the folder `empty` holds no policy set"),
    (
        "set init --extends x.yaml",
        {"x.yaml": "policy_set: 1\npolices: []\n"},
        "error: x.yaml:2:1: there is no key `polices`",
    ),
    ("set init --extends a --team", {}, "error: `--team` and `--extends` both say what to build on"),
    ("set init --team", {}, "error: there is no policy set above"),
    ("set init", {"pyproject.toml": "[tool.policy]\npolicy_set = 1\n"}, "error: there is a policy set in this folder"),
    ("set shwo", {}, "error: there is no command `set shwo`\n  help: write `set show`"),
    ("set show --gate cli", {}, "error: there is no gate `cli`"),
    ("set show -o yaml", {}, "error: there is no format `yaml`"),
    (
        "set show",
        {"policy.yaml": "policy_set: 1\nextends: [gone]\n"},
        "error: policy.yaml:2:11: there is no policy set at",
    ),
]


@pytest.mark.parametrize(("line", "files", "said"), REFUSED)
def test_what_is_refused_writes_nothing(plant, call, line, files, said):
    folder = plant(files)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    result = call(line)
    assert result.err.startswith(said)
    assert "help:" in result.err
    assert (result.code, result.out) == (2, "")
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_the_group_says_what_it_has(call):
    assert "set init" in call("set --help").out
    assert call("set").code == 2
