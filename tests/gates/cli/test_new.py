"""`policy new`, through the real command line."""

from __future__ import annotations

import pytest

FILE = "policies/own/gold-tier-owner.yaml"


def list_steps(out):
    return [line.split(". ", 1)[1] for line in out.splitlines() if line.startswith("  ")]


def test_the_policy_works_and_says_what_is_left_to_write(plant, call):
    root = plant({})
    result = call("new gold-tier-owner")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith(f"wrote {FILE}\n")
    assert (root / FILE).is_file()
    tested = call(f"test {FILE} --require-cases --mutate")
    assert tested.code == 0, tested.out
    linted = call(f"lint {FILE}")
    warnings = [line for line in linted.err.splitlines() if line.startswith("warning:")]
    assert linted.code == 1
    assert len(warnings) == 5
    assert all(line.endswith("is still a placeholder [placeholder]") for line in warnings)


def test_once_its_texts_are_written_lint_has_nothing_to_say(plant, call):
    root = plant({})
    call("new gold-tier-owner")
    text = (root / FILE).read_text()
    for old in ("<What a", "<What the", "<Why", "<What to", "<When"):
        assert old in text
        text = text.replace(old, old.lstrip("<"))
    (root / FILE).write_text(text.replace(">\n", "\n").replace(">}", "}"))
    assert call(f"lint {FILE}").code == 0


def test_without_a_policy_set_it_says_how_to_write_one_and_that_works(plant, call):
    plant({})
    steps = list_steps(call("new gold-tier-owner").out)
    assert steps[0].endswith(f"`policy lint {FILE}` says what is left")
    assert steps[1] == f"run its cases: `policy test {FILE} --require-cases --mutate`"
    assert steps[2] == "put it in force: write `policy_set: 1` and `policies: [catalogue, ./policies]` into policy.yaml"
    plant({"policy.yaml": "policy_set: 1\npolicies: [catalogue, ./policies]\n"})
    listed = call("list --area own")
    assert (listed.code, "gold-tier-owner" in listed.out) == (0, True)


def test_beside_a_policy_set_it_says_what_to_add(plant, call):
    plant({"policy.yaml": "policy_set: 1\npolicies: [catalogue]\n"})
    steps = list_steps(call("new gold-tier-owner --folder governance/rules --area ownership").out)
    assert steps[2] == "put it in force: add `./governance/rules` under `policies:` in policy.yaml"


def test_what_is_in_force_already_need_not_be_added(plant, call):
    plant({"policy.yaml": "policy_set: 1\npolicies: [./policies]\n"})
    # The set cannot be read as long as its folder holds no policy.
    first = call("new first-one")
    assert (first.code, first.err) == (0, "")
    assert not any("put it in force" in step for step in list_steps(first.out))
    assert call("new second-one").code == 0
    assert "second-one" in call("list").out


def test_a_policy_set_that_stays_broken_is_said(plant, call):
    root = plant({"policy.yaml": "policy_set: 7\n"})
    result = call("new gold-tier-owner")
    assert result.code == 0
    assert "mend the policy set, which cannot be read" in result.out
    assert "policy.yaml:1:13" in result.err
    assert (root / FILE).exists()


@pytest.mark.parametrize("config", [None, "policy_set: 1\npolicies: [./policies]\n"])
@pytest.mark.parametrize("policy_id", ["volatile-data", "rag-tried"])
def test_an_id_of_the_catalogue_is_refused(plant, call, config, policy_id):
    root = plant({"policy.yaml": config} if config else {})
    result = call(f"new {policy_id}")
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(f"error: there is a policy `{policy_id}` already: catalogue/")
    assert not (root / "policies").exists()


def test_an_id_of_the_folder_is_refused_whatever_its_file_is_called(plant, call):
    text = "policy: gold\ntitle: Gold\nseverity: low\nrequire: {approach: rag}\neffect: flag\n"
    plant({"policies/other/named.yaml": text})
    assert call("new gold").err.startswith("error: there is a policy `gold` already: policies/other/named.yaml")
    assert call("new named").code == 2


def test_nothing_is_overwritten(plant, call):
    root = plant({FILE: "mine"})
    result = call("new gold-tier-owner")
    assert result.code == 2
    assert f"`{FILE}` exists and is left as it is" in result.err
    assert (root / FILE).read_text() == "mine"


@pytest.mark.parametrize(
    ("line", "error", "remedy"),
    [
        ("new Gold_Tier", "`Gold_Tier` cannot be the id of a policy", "write `gold-tier`"),
        ("new gold.yaml", "`gold.yaml` cannot be the id of a policy", "write `gold-yaml`"),
        ("new ../gold", "`../gold` cannot be the id of a policy", "write `gold`"),
        ("new -- --", "`--` cannot be the id of a policy", "use lower-case words"),
        ("new gold --area a/b", "`a/b` cannot be the area of a policy", "write `a-b`"),
        ("new gold --area ..", "`..` cannot be the area of a policy", "use lower-case words"),
        ("new gold --folder file.txt", "`file.txt` is not a folder", "name a folder for your policies"),
        ("new", "`policy new` needs ID", "`policy new --help` says how it is called"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_written(plant, call, line, error, remedy):
    root = plant({"file.txt": ""})
    result = call(line)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(f"error: {error}\n  help: {remedy}")
    assert [path.name for path in root.iterdir()] == ["file.txt"]
