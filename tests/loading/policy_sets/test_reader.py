from __future__ import annotations

import os
from textwrap import dedent

import pytest

from policy.app.workspace import open_workspace
from policy.errors import PolicyError
from policy.loading.policy_sets.files import find_policy_set, open_policy_set
from policy.model.kinds import BOOLEAN, DATE, DURATION, INTEGER, MONEY, NUMBER, PATH, STRING, enum, list_of
from policy.model.policy import GateSettings

ROWS = """\
policy: enough-rows
title: Enough rows
severity: high
require: {data.rows: {at_least: {param: fewest}}, model.base: {one_of: {param: approved}}}
params:
  fewest: {default: 100}
  approved: {about: Base models that may be tuned}
effect: {ci: block, default: flag}
"""
OWNED = "policy: owned\ntitle: Owned\nseverity: low\nrequire: {present: [owner.team]}\neffect: advise\n"
FILES = {"policies/data/enough-rows.yaml": ROWS, "policies/owner/owned.yaml": OWNED}


@pytest.fixture
def load(write):
    """The policy set in force in a folder with two policies, `text` being its policy.yaml."""

    def read(text: str, files: dict[str, str] | None = None):
        root = write({**FILES, "policy.yaml": f"policy_set: 1\npolicies: [policies]\n{dedent(text)}", **(files or {})})
        return open_workspace(str(root)).policy_set

    return read


@pytest.fixture
def refuse(load):
    """Everything that is said about such a policy set."""

    def read(text: str, files: dict[str, str] | None = None) -> list[str]:
        with pytest.raises(PolicyError) as refusal:
            load(text, files)
        assert all(problem.remedy and problem.level == "error" for problem in refusal.value.problems)
        return [str(problem) for problem in refusal.value.problems]

    return read


# Where a policy set is


def test_without_one_the_whole_catalogue_is_in_force(tmp_path):
    workspace = open_workspace(str(tmp_path))
    assert workspace.config is None
    assert workspace.policy_set.name == "catalogue"
    assert {"volatile-data", "undeclared-fine-tuning"} <= {policy.id for policy in workspace.policy_set.policies}
    assert workspace.policy_set.effects == {}
    assert workspace.policy_set.plugins == ()


def test_the_nearest_one_up_to_the_root_is_in_force(write):
    root = write({"policy.yaml": "policy_set: 1\n", "a/policy.yaml": "policy_set: 1\n", "a/b/c.txt": ""})
    where = {folder: find_policy_set(str(root / folder), str(root)) for folder in ("a/b", "a", "")}
    assert {folder: found and found.document.file for folder, found in where.items()} == {
        "a/b": "a/policy.yaml",
        "a": "a/policy.yaml",
        "": "policy.yaml",
    }
    assert find_policy_set(str(root / "a" / "b"), str(root / "a" / "b")) is None


def test_a_project_file_holds_one_where_it_has_the_table(write):
    text = '[project]\nname = "tool policy"\n'
    root = write({"pyproject.toml": text + "[tool.policy]\npolicy_set = 1\n", "a/pyproject.toml": text, "a/b.txt": ""})
    found = find_policy_set(str(root / "a"), str(root))
    assert found is not None
    assert found.document.file == "pyproject.toml"
    assert found.folder == str(root)
    assert open_policy_set(str(root / "a" / "pyproject.toml"), str(root)) is None


def test_two_policy_sets_in_one_folder_are_refused(write):
    files = {"policy.yaml": "policy_set: 1\n", "pyproject.toml": "[tool.policy]\npolicy_set = 1\n"}
    root = write({f"team/{name}": text for name, text in files.items()})
    with pytest.raises(PolicyError) as refusal:
        find_policy_set(str(root / "team"), str(root))
    (problem,) = refusal.value.problems
    message = "two policy sets in one folder: `team/policy.yaml`, and `[tool.policy]` in `team/pyproject.toml`"
    assert problem.message == message
    assert [str(location) for _, location in problem.related] == ["team/pyproject.toml:1:1"]
    assert "--config" in problem.remedy
    assert open_workspace(str(root), str(root / "team/policy.yaml")).config == "team/policy.yaml"


@pytest.mark.parametrize("text", ["[project]\nname = 'tool policy'\n", "[tool.policy\n"], ids=["none", "broken"])
def test_a_project_file_without_a_policy_set_is_no_second_one(write, text):
    root = write({"policy.yaml": "policy_set: 1\n", "pyproject.toml": text})
    found = find_policy_set(str(root), str(root))
    assert found is not None
    assert found.document.file == "policy.yaml"


def test_the_working_folder_counts_only_inside_the_root(write, monkeypatch):
    root = write({"one/policy.yaml": "policy_set: 1\nname: one\n", "two/a/policy.yaml": "policy_set: 1\nname: two\n"})
    monkeypatch.chdir(root / "two" / "a")
    assert open_workspace(str(root / "two")).policy_set.name == "two"
    assert open_workspace(str(root / "one")).policy_set.name == "one"


def test_a_link_that_leads_nowhere_is_not_the_lack_of_a_policy_set(tmp_path):
    (tmp_path / "policy.yaml").symlink_to("nowhere.yaml")
    with pytest.raises(PolicyError, match="does not exist"):
        open_workspace(str(tmp_path))


def test_a_named_file_is_in_force_whatever_it_is_called(write):
    root = write({"policy.yaml": "broken: [", "strict.yaml": "policy_set: 1\nname: strict\n"})
    workspace = open_workspace(str(root), str(root / "strict.yaml"))
    assert (workspace.policy_set.name, workspace.config) == ("strict", "strict.yaml")


def test_a_named_project_file_without_the_table_is_refused(write):
    root = write({"pyproject.toml": "[tool.other]\n"})
    with pytest.raises(PolicyError, match=r"has no table `\[tool.policy\]`"):
        open_workspace(str(root), str(root / "pyproject.toml"))


def test_paths_are_relative_to_the_file(write):
    root = write({"house/policy.yaml": "policy_set: 1\npolicies: [../policies/owner]\n", **FILES})
    workspace = open_workspace(str(root), str(root / "house" / "policy.yaml"))
    assert [str(policy.location) for policy in workspace.policy_set.policies] == ["policies/owner/owned.yaml:1:1"]


# What it says


def test_everything_that_can_be_set(load):
    policy_set = load("""\
        name: acme
        params: {enough-rows.fewest: 250, enough-rows.approved: [qwen, 7e5]}
        effects: {owned: {ci: hold, default: flag}, enough-rows: block}
        gates: {commit: {mode: flag}, run: {mode: enforce, on_error: hold}, check:  {}}
        modes: {owned: observe}
        plugins: []
        fields: {x.team_size: {type: integer, about: people on the team}}
        """)
    assert policy_set.name == "acme"
    assert [policy.id for policy in policy_set.policies] == ["enough-rows", "owned"]
    assert [policy.area for policy in policy_set.policies] == ["data", "owner"]
    assert policy_set.params == {"enough-rows.fewest": 250, "enough-rows.approved": ("qwen", "7e5")}
    assert policy_set.effects == {"owned": {"ci": "hold", "default": "flag"}, "enough-rows": {"default": "block"}}
    assert policy_set.gates == {
        "commit": GateSettings(mode="flag"),
        "run": GateSettings(on_error="hold"),
    }
    assert policy_set.modes == {"owned": "observe"}
    field = policy_set.schema.get("x.team_size")
    assert field is not None
    assert (field.kind, field.about, field.writable) == (INTEGER, "people on the team", True)


def test_sections_without_content_set_nothing(load):
    policy_set = load("params:\neffects: ~\ngates:\nmodes: {}\n")
    assert (policy_set.params, policy_set.effects, policy_set.gates, policy_set.modes) == ({}, {}, {}, {})


def test_windows_line_ends_and_a_byte_order_mark_make_no_difference(write):
    text = "policy_set: 1\npolicies:\n- policies\nname: |\n  acme\nparams:\n  enough-rows.approved:\n  - qwen\n"
    root = write({**FILES, "a/policy.yaml": text})
    write({"b/policy.yaml": b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()})
    for name, policy in FILES.items():
        write({f"a/{name}": policy, f"b/{name}": policy.replace("\n", "\r\n")})
    one, other = (open_workspace(str(root / folder)).policy_set for folder in ("a", "b"))
    assert one.params == other.params == {"enough-rows.approved": ("qwen",)}
    assert one.name == other.name
    assert one.policies == other.policies


def test_parameters_below_their_policy_and_dotted_keys_in_toml(write):
    root = write(
        {
            **FILES,
            "pyproject.toml": """\
                [tool.policy]
                policy_set = 1
                policies = ["policies"]
                [tool.policy.params]
                enough-rows.fewest = 250
                "enough-rows.approved" = ["qwen"]
                [tool.policy.effects]
                owned.ci = "hold"
                [tool.policy.fields]
                "x.tier" = {type = "enumeration", values = ["gold"]}
                """.replace(" " * 16, ""),
        }
    )
    policy_set = open_workspace(str(root)).policy_set
    assert policy_set.params == {"enough-rows.fewest": 250, "enough-rows.approved": ("qwen",)}
    assert policy_set.effects == {"owned": {"ci": "hold"}}
    assert "x.tier" in policy_set.schema.fields


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("policies/owner", {"owned"}),
        ("policies/owner/", {"owned"}),
        ("./policies/owner/owned.yaml", {"owned"}),
        ("policies, policies/owner, policies/owner/owned.yaml", {"owned", "enough-rows"}),
        ("'catalogue:alternatives', 'catalogue:alternatives'", {"few-shot-tried", "rag-tried"}),
        ("catalogue, 'catalogue:alternatives', policies", {"owned", "few-shot-tried", "volatile-data"}),
    ],
)
def test_what_may_be_named_as_policies(write, names, expected):
    root = write({**FILES, "policy.yaml": f"policy_set: 1\npolicies: [{names}]\n"})
    found = [policy.id for policy in open_workspace(str(root)).policy_set.policies]
    assert len(set(found)) == len(found)
    assert expected <= set(found)
    if "catalogue" not in names:
        assert expected == set(found)


def test_hidden_folders_and_other_files_hold_no_policies(load):
    hidden = {".git/a.yaml": "x", "policies/.cache/b/c.yaml": "x", "policies/.d.yaml": "x", "policies/README.md": "x"}
    assert len(load("", hidden).policies) == 2


def test_a_folder_of_the_same_name_as_the_catalogue_is_not_lost_in_it(write):
    root = write({"catalogue/owner/owned.yaml": OWNED, "policy.yaml": "policy_set: 1\npolicies: [./catalogue]\n"})
    assert [policy.id for policy in open_workspace(str(root)).policy_set.policies] == ["owned"]


# What is refused


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("polices: [x]", "policy.yaml:3:1: there is no key `polices`\n  help: write `policies`"),
        ("name: [a]", "policy.yaml:3:7: `name` is a list where a string is needed\n  help: write a string"),
        ("params: [a]", "policy.yaml:3:9: `params` needs a mapping\n  help: write `params: {volatile-data.sh"),
        (
            "params: {enough-rows.fewst: 3}",
            "policy.yaml:3:10: there is no parameter `enough-rows.fewst`\n  help: write `enough-rows.fewest`",
        ),
        (
            "params: {enough-rows: {fewst: 3}}",
            "policy.yaml:3:24: there is no parameter `enough-rows.fewst`\n  help: write `enough-rows.fewest`",
        ),
        (
            "params: {nonsense: 3}",
            (
                "policy.yaml:3:10: there is no parameter `nonsense`\n"
                "  help: there are enough-rows.fewest, enough-rows.approved"
            ),
        ),
        (
            "params: {enough-rows.fewest: 30d}",
            "policy.yaml:3:30: `enough-rows.fewest`: `30d` is not a number\n  help: write a finite number",
        ),
        (
            "params: {enough-rows.fewest: [30]}",
            "policy.yaml:3:30: `enough-rows.fewest` is a list where a number is needed",
        ),
        (
            "params: {enough-rows.approved: qwen}",
            "policy.yaml:3:32: `enough-rows.approved` needs a list\n  help: write `approved: [qwen]`",
        ),
        (
            "params: {enough-rows.fewest: 1, enough-rows: {fewest: 2}}",
            "policy.yaml:3:47: parameter `enough-rows.fewest` is set twice",
        ),
        (
            "effects: {ownd: flag}",
            "policy.yaml:3:11: there is no policy `ownd`\n  help: write `owned`",
        ),
        (
            "effects: {owned: {ci: bloc}}",
            "policy.yaml:3:23: `effect.ci`: `bloc` is not one of advise, flag, hold, block",
        ),
        ("effects: {owned: {cli: block}}", "policy.yaml:3:19: no gate of that name: `cli` is not one of check, commit"),
        ("effects: {owned: }", "policy.yaml:3:18: `effect` is empty where one of advise, flag, hold, block is needed"),
        ("gates: {cli: {mode: flag}}", "policy.yaml:3:9: there is no gate `cli`\n  help: write `ci`"),
        ("gates: {ci: flag}", "policy.yaml:3:13: gate `ci` needs settings\n  help: write `{mode: …, on_error: …}`"),
        ("gates: {ci: {mod: flag}}", "policy.yaml:3:14: there is no setting of a gate `mod`\n  help: write `mode`"),
        (
            "gates: {ci: {mode: enforced}}",
            "policy.yaml:3:20: `gates.ci.mode`: `enforced` is not one of observe, flag, enforce\n  help: write enforce",
        ),
        ("gates: {ci: {on_error: pass}}", "policy.yaml:3:24: `gates.ci.on_error`: `pass` is not one of advise"),
        ("modes: {ownd: observe}", "policy.yaml:3:9: there is no policy `ownd`\n  help: write `owned`"),
        (
            "modes: {owned: observed}",
            "policy.yaml:3:16: `modes.owned`: `observed` is not one of observe, flag, enforce",
        ),
        ("plugins: acme", "policy.yaml:3:10: `plugins` needs a list\n  help: write `plugins: [acme]`"),
        ("plugins: [{a: b}]", "policy.yaml:3:11: `plugins` is a mapping where a string is needed"),
        (
            "plugins: [no_such_plugin_anywhere]",
            (
                "policy.yaml:3:11: plugin `no_such_plugin_anywhere` is not installed\n"
                "  help: install it beside the policy command, or leave it out"
            ),
        ),
        ("fields: [a]", "policy.yaml:3:9: `fields` needs fields"),
        ("fields: {team: {type: integer}}", "policy.yaml:3:10: `team` is no name for a field of an organisation"),
        ("fields: {x.Team: {type: integer}}", "policy.yaml:3:10: `x.Team` is no name for a field of an organisation"),
        ("fields: {x: {a: {type: integer}}}", "policy.yaml:3:10: `x` is no name for a field of an organisation"),
        ("fields: {x.a: integer}", "policy.yaml:3:15: `x.a` needs a type\n  help: write `x.a: {type: integer"),
        ("fields: {x.a: {about: b}}", "policy.yaml:3:15: `x.a` has no type\n  help: write one of boolean, integer"),
        ("fields: {x.a: {type: int}}", "policy.yaml:3:22: `type`: `int` is not one of boolean, integer, number"),
        ("fields: {x.a: {type: integer, abot: b}}", "policy.yaml:3:31: unknown key `abot` in field `x.a`"),
        ("fields: {x.a: {type: integer, list: yes}}", "policy.yaml:3:37: `list`: `yes` is not a boolean"),
        ("fields: {x.a: {type: enumeration}}", "policy.yaml:3:15: the enumeration `x.a` has no values"),
        ("fields: {x.a: {type: enumeration, values: []}}", "policy.yaml:3:15: the enumeration `x.a` has no values"),
        ("fields: {x.a: {type: string, values: [b]}}", "policy.yaml:3:15: `x.a` has values and is no enumeration"),
        (
            "fields: {x.a: {type: string}, x.a.b: {type: string}}",
            "policy.yaml:3:10: `x.a` is a value and cannot hold `x.a.b`",
        ),
        ("x: {a: b: c}}", "policy.yaml:3:4: the mapping that starts with `{` is not closed"),
    ],
)
def test_refused_with_its_place(refuse, text, said):
    (problem,) = refuse(text)
    assert problem.startswith(said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[a, b]", "policy.yaml:1:1: the policy set is not a mapping\n  help: start with `policy_set: 1`"),
        ("name: acme", "policy.yaml:1:1: the policy set does not say its format\n  help: add the line `policy_set: 1`"),
        ("policy_set: 2", "policy.yaml:1:13: the policy set's format is `2`; this version reads format 1"),
        ("policy_set: [1]", "policy.yaml:1:13: the policy set's format is no number; this version reads format 1"),
        ("", "policy.yaml:1:1: the file is empty"),
        (
            "policy_set: 1\npolicies: policies",
            "policy.yaml:2:11: `policies` needs a list\n  help: write `policies: [policies]`",
        ),
        (
            "policy_set: 1\npolicies: [nowhere]",
            "policy.yaml:2:12: there are no policies at `nowhere`\n  help: name catalogue",
        ),
        ("policy_set: 1\npolicies: ['acme:a']", "policy.yaml:2:12: there are no policies at `acme:a`"),
        ("policy_set: 1\npolicies: [empty]", "policy.yaml:2:12: the folder `empty` holds no policies"),
        (
            "policy_set: 1\npolicies: ['catalogue:nope']",
            "policy.yaml:2:12: `catalogue` has no area `nope`\n  help: its areas are alternatives, ",
        ),
        (
            "policy_set: 1\npolicies: ['catalogue:fine_tuning']",
            "policy.yaml:2:12: `catalogue` has no area `fine_tuning`\n  help: write `catalogue:fine-tuning`",
        ),
        (
            "policy_set: 1\npolicies: ['catalogue:../policies']",
            "policy.yaml:2:12: `catalogue` has no area `../policies`",
        ),
    ],
)
def test_refused_as_a_whole(write, text, said):
    root = write({**FILES, "policy.yaml": text, "empty/README.md": "nothing"})
    with pytest.raises(PolicyError) as refusal:
        open_workspace(str(root))
    (problem,) = refusal.value.problems
    assert str(problem).startswith(said)


def test_everything_is_said_at_once(refuse):
    said = refuse("nam: a\ngates: {cli: {}}\nfields: {team: {type: integer}}\nplugins: [{}]\n")
    assert [problem.partition(": ")[0] for problem in said] == [
        "policy.yaml:3:1",
        "policy.yaml:6:11",
        "policy.yaml:5:10",
        "policy.yaml:4:9",
    ]
    said = refuse("params: {a.b: 1}\neffects: {c: flag}\nmodes: {owned: off, d: flag}\n")
    assert [problem.partition(": ")[0] for problem in said] == [
        "policy.yaml:3:10",
        "policy.yaml:4:11",
        "policy.yaml:5:16",
        "policy.yaml:5:21",
    ]


def test_no_policy_passes_for_unknown_because_another_is_broken(refuse):
    said = refuse("effects: {owned: flag}", {"policies/owner/owned.yaml": OWNED.replace("team", "taem")})
    assert said == [
        (
            "policies/owner/owned.yaml:4:21: unknown field `owner.taem`\n"
            "  help: a field with a similar name exists: `owner.team`"
        )
    ]


def test_every_broken_policy_is_said(refuse):
    said = refuse("", {"policies/a.yaml": "[", "policies/b.yaml": "policy: b\n"})
    assert {problem.partition(":")[0] for problem in said} == {"policies/a.yaml", "policies/b.yaml"}


def test_an_id_that_is_used_twice_is_said_with_both_places(load):
    with pytest.raises(PolicyError) as refusal:
        load("", {"policies/z.yaml": "# the second\n" + OWNED})
    (problem,) = refusal.value.problems
    assert str(problem).startswith("policies/z.yaml:2:1: two policies have the id `owned`")
    assert [(label, str(place)) for label, place in problem.related] == [
        ("the other one", "policies/owner/owned.yaml:1:1")
    ]


def test_problems_in_toml_have_their_place(write):
    root = write({"pyproject.toml": '[project]\nname = "x"\n\n[tool.policy]\npolicy_set = 1\nmods = {}\n'})
    with pytest.raises(PolicyError) as refusal:
        open_workspace(str(root))
    assert str(refusal.value).startswith("pyproject.toml:6:1: there is no key `mods`\n  help: write `modes`")


def test_a_folder_of_policies_that_may_not_be_read_is_no_empty_one(load, monkeypatch):
    scan = os.scandir

    def refuse(path):
        if os.path.basename(path) == "owner":
            raise PermissionError(13, "Permission denied", path)
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(PolicyError, match="cannot be looked into: Permission denied"):
        load("")


# Fields of the organisation's own


@pytest.mark.parametrize(
    ("declared", "kind"),
    [
        ("type: boolean", BOOLEAN),
        ("type: integer", INTEGER),
        ("type: number", NUMBER),
        ("type: string", STRING),
        ("type: path", PATH),
        ("type: duration", DURATION),
        ("type: date", DATE),
        ("type: money", MONEY),
        ("type: enumeration, values: [gold, 7e5, no]", enum("gold", "7e5", "no")),
        ("type: integer, list: true", list_of(INTEGER)),
        ("type: integer, list: false", INTEGER),
        ("type: enumeration, values: [a], list: true", list_of(enum("a"))),
    ],
)
def test_a_declared_field_has_its_kind(load, declared, kind):
    field = load(f"fields: {{x.a.b2: {{{declared}}}}}").schema.get("x.a.b2")
    assert field.kind == kind
    assert field.about


def test_policies_may_read_declared_fields_only(load, refuse):
    policy = {"policies/own.yaml": OWNED.replace("owned", "sized").replace("owner.team", "x.team_size")}
    assert len(load("fields: {x.team_size: {type: integer}}", policy).policies) == 3
    (said,) = refuse("fields: {x.other: {type: integer}}", policy)
    assert said.startswith("policies/own.yaml:4:21: `x.team_size` is declared by no policy set")


def test_a_misspelt_parameter_is_looked_for_in_its_own_policy(refuse):
    other = ROWS.replace("enough-rows", "other-rows").replace("fewest", "enough")
    (said,) = refuse("params: {other-rows.fewest: 5}\n", {"policies/data/other-rows.yaml": other})
    assert "there is no parameter `other-rows.fewest`" in said
    assert "other-rows.enough" in said
    assert "enough-rows.fewest" not in said


# Links and endings


def test_policies_behind_a_link_to_a_folder_are_in_force(load, write):
    root = write(
        {"shared/linked.yaml": OWNED.replace("owned", "linked"), "policies/loop/b.YAML": OWNED.replace("owned", "b")}
    )
    (root / "policies/team").symlink_to("../shared")
    (root / "policies/again").symlink_to("../shared")
    (root / "policies/loop/up").symlink_to("..")
    (root / "shared/self").symlink_to(".")
    ids = sorted(policy.id for policy in load("").policies)
    assert ids == ["b", "enough-rows", "linked", "owned"]
