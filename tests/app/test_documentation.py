"""Pages written to a folder: what is ours is kept up to date, what is others' is left alone."""

from __future__ import annotations

import os

import pytest

from policy.app.documentation import INDEX, apply_changes, compare_pages, make_pages
from policy.app.workspace import open_workspace
from policy.errors import NothingToJudgeError, PolicyError

POLICY = "policy: {id}\ntitle: Have {id}\nseverity: low\nrequire: {{stage: pilot}}\neffect: flag\n"


@pytest.fixture
def pages(plant):
    """The pages of a policy set with these policies, to stand in `docs`."""

    def write(*ids: str, more: str = "") -> dict[str, str]:
        files = {f"policies/own/{name}.yaml": POLICY.format(id=name) for name in ids}
        listed = "".join(f"\n  - ./policies/own/{name}.yaml" for name in ids)
        root = plant({"policy.yaml": f"policy_set: 1\npolicies:{listed or ' []'}\n{more}", **files})
        return make_pages(open_workspace(str(root), with_cases=True), "docs")

    return write


def test_pages_are_written_once(pages):
    made = pages("a", "b")
    changes = compare_pages(made, "docs")
    assert set(changes.missing) == {INDEX, "own/a.md", "own/b.md"}
    assert (changes.stale, changes.orphaned) == ((), ())
    apply_changes(made, changes, "docs")
    with open("docs/own/a.md", "rb") as stream:
        assert stream.read() == made["own/a.md"].encode()
    assert compare_pages(made, "docs").total == 0


def test_what_changed_is_stale_and_what_went_is_orphaned(pages, plant):
    apply_changes(made := pages("a", "b"), compare_pages(made, "docs"), "docs")
    plant({"docs/own/ours.md": "# Written by hand\n", "docs/.hidden/x.md": "x"})
    made = pages("a", more="effects: {a: block}\n")
    changes = compare_pages(made, "docs")
    assert (changes.missing, changes.stale, changes.orphaned) == ((), (INDEX, "own/a.md"), ("own/b.md",))
    apply_changes(made, changes, "docs")
    assert sorted(os.listdir("docs/own")) == ["a.md", "ours.md"]
    assert compare_pages(made, "docs").total == 0


def test_an_area_without_pages_goes_with_them(pages):
    apply_changes(made := pages("a"), compare_pages(made, "docs"), "docs")
    os.rename("docs/own", "docs/gone")
    changes = compare_pages(made, "docs")
    assert (changes.missing, changes.orphaned) == (("own/a.md",), ("gone/a.md",))
    apply_changes(made, changes, "docs")
    assert sorted(os.listdir("docs")) == [INDEX, "own"]


def test_a_file_of_somebody_else_is_never_overwritten(pages, plant):
    made = pages("a")
    plant({f"docs/{INDEX}": "# Ours\n", "docs/own/a.md": ""})
    with pytest.raises(PolicyError) as refusal:
        compare_pages(made, "docs")
    assert [problem.message for problem in refusal.value.problems] == [
        f"`docs/{INDEX}` is not a page of ours",
        "`docs/own/a.md` is not a page of ours",
    ]


@pytest.mark.parametrize("blocked", ["docs", "docs/own"])
def test_a_file_in_the_place_of_a_folder(pages, plant, blocked):
    made = pages("a")
    plant({blocked: "x"})
    with pytest.raises(PolicyError, match=r"cannot be (read|written)"):
        apply_changes(made, compare_pages(made, "docs"), "docs")


def test_no_page_is_no_success(pages):
    with pytest.raises(NothingToJudgeError):
        pages()


def test_a_page_links_to_its_policy_inside_the_repository_only(pages, plant, tmp_path):
    assert "](../../policies/own/a.yaml)" in pages("a")["own/a.md"]
    workspace = open_workspace(with_cases=True)
    outside = make_pages(workspace, str(tmp_path / "elsewhere"))
    assert "The policy itself: `policies/own/a.yaml`" in outside["own/a.md"]
    plant({"policy.yaml": "policy_set: 1\npolicies: [catalogue:alternatives]\n"})
    shipped = make_pages(open_workspace(with_cases=True), "docs")["alternatives/rag-tried.md"]
    assert "The policy itself: `catalogue/alternatives/rag-tried.yaml`" in shipped


def test_effects_are_those_in_force(pages):
    page = pages("a", more="gates: {ci: {mode: observe}}\neffects: {a: {run: hold}}\n")["own/a.md"]
    assert "| `ci`, in continuous integration | nothing instead of flag | nothing instead of advise |" in page
    assert "| `run`, before a training run | hold | flag |" in page
    assert "the mode is observe" in page
