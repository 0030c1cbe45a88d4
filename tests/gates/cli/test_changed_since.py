"""Only what a change touches is judged, and every project says why it was or was not."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

import policy.app.links
import policy.app.manifests
import policy.app.subjects
from policy.reports.contract import Decisions
from tests.gates.cli.conftest import write_manifest
from tests.gates.cli.test_policies_from import BAD, FLAG, GOOD, SET, STRICT, clone, tree  # noqa: F401 - fixtures
from tests.loading.conftest import _alone, git  # noqa: F401 - a fixture

AXOLOTL = "base_model: org/model\nadapter: lora\ndatasets:\n  - {path: data/train.jsonl, type: alpaca}\n"
PROJECTS = {
    **STRICT,
    "README.md": "",
    "a/ml-manifest.yaml": BAD,
    "a/data/x.jsonl": '{"text": "a"}\n',
    "b/ml-manifest.yaml": GOOD,
    "c/ml-manifest.yaml": write_manifest("c", "approach: rag\ndata: {sources: [{path: ../shared/c.jsonl}]}\n"),
    "d/ml-manifest.yaml": write_manifest("d", "approach: fine-tuning\n"),
    "d/train.yaml": AXOLOTL,
    "shared/c.jsonl": '{"text": "a"}\n',
}
UNTOUCHED = "nothing in its folder, and nothing that it names, is changed"


def check(made, line=""):
    result = made._call(f"check --changed-since main {line}")
    assert "a bug in policy" not in result.err
    return result


def report(made, line=""):
    document = json.loads(check(made, f"{line} -o json").out)
    Decisions.model_validate(document)
    return document


def list_judged(made, line=""):
    return {item["path"]: item["reason"] for item in report(made, line)["changed_since"]["judged"]}


@pytest.mark.parametrize(
    ("change", "judged", "subjects"),
    [
        ({}, {}, []),
        ({"README.md": "new"}, {}, []),
        ({"b/ml-manifest.yaml": f"{GOOD}# x\n"}, {"b/ml-manifest.yaml": "its manifest is changed or new"}, ["good"]),
        ({"b/notes/x": "x"}, {"b/ml-manifest.yaml": "b/notes/x is changed or new"}, ["good"]),
        ({"a/data/x.jsonl": None}, {"a/ml-manifest.yaml": "a/data/x.jsonl is gone"}, ["bad"]),
        (
            {"shared/c.jsonl": '{"text": "b"}\n'},
            {"c/ml-manifest.yaml": "c/ml-manifest.yaml names shared/c.jsonl, which is changed"},
            ["c"],
        ),
        (
            {"e/train.yaml": AXOLOTL},
            {"e/train.yaml": "it is changed or new, and no manifest covers it"},
            ["e/train.yaml"],
        ),
        (
            {"d/ml-manifest.yaml": None},
            {"d/train.yaml": "the manifest that covered it is gone: d/ml-manifest.yaml"},
            ["d/train.yaml"],
        ),
        (
            {"d/ml-manifest.yaml": None, "x/ml-manifest.yaml": PROJECTS["d/ml-manifest.yaml"]},
            {
                "d/train.yaml": "the manifest that covered it is gone: d/ml-manifest.yaml",
                "x/ml-manifest.yaml": "its manifest is changed or new",
            },
            ["d/train.yaml", "d"],
        ),
    ],
)
@pytest.mark.parametrize("committed", [True, False])
def test_what_is_judged_and_why(tree, change, judged, subjects, committed):  # noqa: F811
    made = tree(PROJECTS, change if committed else {})
    if not committed:
        made.write(change)
    document = report(made)
    selection = document["changed_since"]
    assert {item["path"]: item["reason"] for item in (*selection["judged"], *selection["files"])} == judged
    assert sorted(decision["project"] for decision in document["decisions"]) == sorted(subjects)
    present = {"a", "b", "c", "d"} - ({"d"} if "d/ml-manifest.yaml" in change else set())
    assert selection["projects"] == len(present) + ("x/ml-manifest.yaml" in change)
    assert {item["path"] for item in selection["skipped"]} == (
        {f"{name}/ml-manifest.yaml" for name in present} - set(judged)
    )
    assert {item["reason"] for item in selection["skipped"]} <= {UNTOUCHED}
    assert selection["commit"] == selection["compared_with"] == git(made.folder, "rev-parse", "main").strip()


@pytest.mark.parametrize(
    "change",
    [
        {"policy.yaml": SET + FLAG},
        {"policy.yaml": None},
        {"rules/own/new.yaml": "policy: new\n"},
        {"rules/own/rag-only.yaml": None},
        {"pyproject.toml": "[tool.policy]\npolicy_set = 1\n"},
    ],
)
def test_a_change_of_the_policy_set_touches_every_project(tree, change):  # noqa: F811
    tree(PROJECTS, change)
    from policy.app.checking import CheckRequest
    from policy.app.selection import start_choosing

    _, choose = start_choosing(CheckRequest((".",), "check", datetime(2026, 1, 1, tzinfo=UTC)), "main")
    chosen = choose()
    assert chosen.paths == (".",)
    assert len(chosen.selection.judged) == 4
    assert not chosen.selection.skipped


@pytest.mark.parametrize(
    "change", [{"pyproject.toml": "[project]\nname = 'x'\n"}, {"rules/README.md": "x"}, {"sub/policy.yaml": SET}]
)
def test_what_is_no_part_of_the_policy_set_touches_none(tree, change):  # noqa: F811
    made = tree(PROJECTS, change)
    assert not [path for path in list_judged(made) if path.endswith("ml-manifest.yaml")]


def test_parameters_waivers_and_tables_touch_every_project(tree):  # noqa: F811
    base = {
        **PROJECTS,
        "policy.yaml": f"{SET}waivers: [w.yaml]\ntables: {{licenses: t.yaml}}\n",
        "w.yaml": "waivers: 1\nentries: []\n",
        "t.yaml": "table: 1\nrows: {}\n",
    }
    made = tree(base, {})
    for name in ("w.yaml", "t.yaml"):
        made.write({name: f"{base[name]}# x\n"})
        assert len(list_judged(made)) == 4, name
        made.write({name: base[name]})
        assert list_judged(made) == {}


def test_what_touches_nothing_is_no_vacuous_pass(tree):  # noqa: F811
    made = tree(PROJECTS, {"README.md": "x"})
    result = check(made)
    assert result.code == 0
    commit = git(made.folder, "rev-parse", "--short=10", "main").strip()
    assert result.out.startswith(f"\njudged 0 of 4 projects: changed since main ({commit})\n") or (
        result.out.startswith(f"judged 0 of 4 projects: changed since main ({commit})\n")
    )
    assert "nothing was judged" in result.out


def test_where_there_is_no_project_there_is_nothing_to_judge(tree):  # noqa: F811
    assert check(tree({"README.md": ""}, {"README.md": "x"})).code == 3


def test_a_deleted_manifest_leaves_its_training_config_undeclared(tree):  # noqa: F811
    base = {name: text for name, text in PROJECTS.items() if name.startswith("d/")}
    made = tree(base, {"d/ml-manifest.yaml": None})
    result = check(made, "--policies-from main --gate ci")
    assert result.code == 1
    assert "block[undeclared-fine-tuning]" in result.out
    assert "judged 0 of 0 projects, and looked at 1 file without a manifest: changed since main" in result.out
    assert "; 1 manifest gone\n" in result.out


def test_only_what_is_asked_for(tree):  # noqa: F811
    made = tree(PROJECTS, {"a/data/x.jsonl": "{}", "b/x": "x"})
    assert set(list_judged(made, "b c")) == {"b/ml-manifest.yaml"}
    assert report(made, "b c")["changed_since"]["projects"] == 2
    assert check(made, "a/data").code == 0
    assert set(list_judged(made, "a/data")) == {"a/ml-manifest.yaml"}


def test_no_report_takes_the_place_of_a_project_that_is_skipped(tree):  # noqa: F811
    result = check(tree(PROJECTS, {"b/x": "x"}), "-o text=a/ml-manifest.yaml")
    assert result.code == 2
    assert "would overwrite" in result.err


def test_a_path_that_is_not_there(tree, tmp_path_factory):  # noqa: F811
    made = tree(PROJECTS, {})
    result = check(made, "b nowhere")
    assert (result.code, "there is no `nowhere`" in result.err) == (2, True)
    other = tmp_path_factory.mktemp("other")
    git(other, "init", "--quiet")
    assert "lie in different repositories" in check(made, f"b {other}").err


def test_both_options_together(tree):  # noqa: F811
    made = tree(PROJECTS, {"b/x": "x"})
    document = report(made, "--policies-from main")
    assert [decision["project"] for decision in document["decisions"]] == ["good"]
    made.commit({"policy.yaml": SET + FLAG})
    document = report(made, "--policies-from main")
    assert len(document["decisions"]) == 4
    assert document["policies_from"]["proposed"]["policies"] == ["rag-only"]


def test_it_is_compared_with_where_the_branches_part(tree):  # noqa: F811
    made = tree(PROJECTS, {"b/x": "x"})
    parting = git(made.folder, "rev-parse", "main").strip()
    git(made.folder, "switch", "--quiet", "main")
    made.commit({"a/x": "x"})
    git(made.folder, "switch", "--quiet", "change")
    assert list(list_judged(made)) == ["b/ml-manifest.yaml"]
    selection = report(made)["changed_since"]
    assert selection["compared_with"] == parting
    assert selection["commit"] == git(made.folder, "rev-parse", "main").strip()


def test_a_clone_without_history_says_what_to_fetch_and_compares_directly(
    tree,  # noqa: F811
    tmp_path_factory,
    monkeypatch,
):
    made = tree(PROJECTS, {"b/x": "x"})
    made.commit({"c/x": "x"})
    folder = clone(made.folder, tmp_path_factory.mktemp("ci") / "clone", "--depth=1", "--branch=change")
    monkeypatch.chdir(folder)
    result = made._call("check --changed-since origin/main")
    assert result.code == 2
    assert "`git fetch --depth=1 origin +refs/heads/main:refs/remotes/origin/main`" in result.err
    git(folder, "fetch", "--depth=1", "origin", "+refs/heads/main:refs/remotes/origin/main")
    result = made._call("check --changed-since origin/main")
    assert result.code == 0
    assert "judged 2 of 4 projects: changed since origin/main" in result.out
    assert "this clone does not reach back to where they part" in result.out


@pytest.mark.parametrize("name", ["nowhere", "-x", "main:README.md"])
def test_what_no_revision_is(tree, name):  # noqa: F811
    made = tree(PROJECTS, {})
    result = made._call(f"check --changed-since={name}")
    assert result.code == 2
    assert "`--changed-since`: " in result.err


def test_without_a_first_commit_there_is_nothing_to_compare(call, plant, tmp_path):
    plant({"a/ml-manifest.yaml": BAD})
    git(tmp_path, "init", "--quiet")
    assert call("check --changed-since main").code == 2


@pytest.mark.parametrize("name", ["with space", "a*b", 'quote"d', ":colon", "schön", "new\nline"])
def test_projects_in_folders_of_any_name(tree, name):  # noqa: F811
    made = tree({**PROJECTS, f"{name}/ml-manifest.yaml": write_manifest("odd", "approach: rag\n")}, {f"{name}/x": "x"})
    assert [decision["project"] for decision in report(made)["decisions"]] == ["odd"]


def test_of_two_thousand_projects_only_the_touched_one_is_read(tree, monkeypatch):  # noqa: F811
    projects = {f"t{number % 20}/p{number}/ml-manifest.yaml": GOOD for number in range(2000)}
    made = tree({**STRICT, **projects}, {"t1/p1/data/x.jsonl": '{"text": "a"}\n'})
    read = []
    load = policy.app.manifests.load_manifest

    def watch(workspace, file):
        read.append(file)
        return load(workspace, file)

    monkeypatch.setattr(policy.app.subjects, "load_manifest", watch)
    result = check(made)
    assert "judged 1 of 2,000 projects: changed since main" in result.out
    assert read == ["t1/p1/ml-manifest.yaml"]


@pytest.mark.parametrize(
    ("links", "change", "judged"),
    [
        (
            {"c/data": "../shared"},
            {"shared/c.jsonl": "{}\n"},
            {"c/ml-manifest.yaml": "c/data/c.jsonl leads to shared/c.jsonl, which is changed"},
        ),
        (
            {"e/ml-manifest.yaml": "../templates/e.yaml"},
            {"templates/e.yaml": GOOD.replace("good", "e") + "# x\n"},
            {"e/ml-manifest.yaml": "e/ml-manifest.yaml leads to templates/e.yaml, which is changed"},
        ),
        # Another project names the link.
        (
            {"links/a.jsonl": "../a/data/x.jsonl"},
            {"a/data/x.jsonl": None},
            {
                "a/ml-manifest.yaml": "a/data/x.jsonl is gone",
                "f/ml-manifest.yaml": "f/ml-manifest.yaml names links/a.jsonl, which is changed",
            },
        ),
        (
            {"g/train.yaml": "../templates/axolotl.txt"},
            {"templates/axolotl.txt": f"{AXOLOTL}# x\n"},
            {"g/train.yaml": "it leads to templates/axolotl.txt, which is changed, and no manifest covers it"},
        ),
    ],
)
def test_what_a_link_leads_to_is_changed_by_its_name_too(tree, links, change, judged):  # noqa: F811
    naming = write_manifest("f", "approach: rag\ndata: {sources: [{path: ../links/a.jsonl}]}\n")
    base = {
        "templates/e.yaml": GOOD.replace("good", "e"),
        "templates/axolotl.txt": AXOLOTL,
        "f/ml-manifest.yaml": naming,
    }
    made = tree({**PROJECTS, "c/ml-manifest.yaml": GOOD.replace("good", "c"), **base}, {})
    for link, target in links.items():
        (made.folder / link).parent.mkdir(exist_ok=True)
        (made.folder / link).symlink_to(target)
    git(made.folder, "add", "-A")
    git(made.folder, "commit", "-qm", "links")
    git(made.folder, "branch", "-f", "main")
    made.write(change)
    selection = report(made)["changed_since"]
    found = {item["path"]: item["reason"] for item in (*selection["judged"], *selection["files"])}
    assert {path: found.get(path) for path in judged} == judged
    assert set(found) - set(judged) <= {"templates/e.yaml"}


def test_links_by_which_everything_has_too_many_names_touch_everything(tree, monkeypatch):  # noqa: F811
    made = tree(PROJECTS, {"f/x": "1"})
    (made.folder / "g").symlink_to("f")
    monkeypatch.setattr(policy.app.links, "MOST", 0)
    assert set(list_judged(made).values()) == {"links lead to what is changed by too many names"}


def test_a_repository_inside_that_is_new_is_said(tree):  # noqa: F811
    made = tree(PROJECTS, {})
    git(made.folder, "rm", "-rq", "a")
    (made.folder / "a").mkdir()
    head = git(made.folder, "rev-parse", "HEAD").strip()
    git(made.folder, "update-index", "--add", "--cacheinfo", f"160000,{head},a")
    git(made.folder, "commit", "-qm", "module")
    result = check(made)
    assert result.code == 0
    assert "`a/` is a repository of its own and is not looked into" in result.err
