from __future__ import annotations

import pytest

from policy.app.trusted.copying import Copy
from policy.app.trusted.work_tree import WorkTree
from policy.errors import PolicyError


@pytest.fixture
def copy(tmp_path):
    """A copy of a work tree with these files and links."""

    def make(files, links=()):
        root, top = tmp_path / "root", tmp_path / "copies"
        for name, text in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
        for name, target in dict(links).items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).symlink_to(target)
        (top / "base").mkdir(parents=True)
        return Copy(WorkTree(str(root)), str(top / "base"), str(top))

    return make


def list_copied(copy):
    from pathlib import Path

    top = Path(copy.folder)
    return sorted(path.relative_to(top).as_posix() for path in top.rglob("*") if not path.is_dir() or path.is_symlink())


def test_no_more_than_what_is_asked_for(copy):
    made = copy(
        {"policy.yaml": "x", "rules/own/a.yaml": "a", "rules/own/notes.md": "n", "rules/.git-keep": "", "z": ""}
    )
    assert made.fetch("policy.yaml") == "policy.yaml"
    assert list_copied(made) == ["policy.yaml"]
    made.fetch("rules")
    assert list_copied(made) == ["policy.yaml", "rules/own/a.yaml"]
    made.fetch("gone/x.yaml")
    assert made.files == {"policy.yaml": b"x", "rules/own/a.yaml": b"a", "gone/x.yaml": None}
    assert set(made.folders) == {"rules", "rules/own"}


def test_all_of_a_folder_where_its_digest_counts(copy):
    made = copy({"rules/own/a.yaml": "a", "rules/own/notes.md": "n"})
    made.fetch("rules", whole=True)
    assert list_copied(made) == ["rules/own/a.yaml", "rules/own/notes.md"]


def test_links_are_followed_and_stay_links(copy):
    made = copy(
        {"real/own/a.yaml": "a", "other/b.yaml": "b"},
        {"rules": "real", "real/own/more": "../../other", "real/own/same.yaml": "a.yaml"},
    )
    assert made.fetch("rules/own") == "real/own"
    assert list_copied(made) == [
        "other/b.yaml", "real/own/a.yaml", "real/own/more", "real/own/same.yaml", "rules",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("links", "path", "place"),
    [
        ({"rules": "/etc"}, "rules", "base/rules"),
        ({"rules": ".."}, "rules", "base/rules"),
        ({"rules": "../copies"}, "rules/x", "base/rules"),
        ({"rules": "a/../../x", "a": "."}, "rules", "base/rules"),
        ({"rules": "rules"}, "rules", "base/rules"),
        ({"a": "b", "b": "a"}, "a/x.yaml", "base/b"),
        ({"rules/own/out.yaml": "/etc/passwd"}, "rules", "base/rules/own/out.yaml"),
    ],
)
def test_links_that_lead_out_or_nowhere_else(copy, links, path, place):
    made = copy({"x.yaml": ""}, links)
    with pytest.raises(PolicyError, match="leads out of the repository, or in a circle") as caught:
        made.fetch(path)
    location = caught.value.problems[0].location
    assert location is not None
    assert location.file in (place, "base/a")


def test_a_path_that_leads_out(copy):
    with pytest.raises(PolicyError, match=r"`\.\./x` leads out"):
        copy({}).fetch("../x")


def test_a_repository_inside_is_refused(copy):
    made = copy({"rules/own/a.yaml": "", "rules/own/.git": "gitdir: elsewhere\n"})
    with pytest.raises(PolicyError, match="`rules/own` is a submodule"):
        made.fetch("rules")


def test_what_is_no_file(copy, tmp_path):
    import os

    made = copy({"policy.yaml": ""})
    os.mkfifo(tmp_path / "root" / "pyproject.toml")
    with pytest.raises(PolicyError, match="named pipe"):
        made.fetch_sets("")


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        ({"policy.yaml": "x"}, {"policy.yaml": "x"}, True),
        ({"policy.yaml": "x"}, {"policy.yaml": "y"}, False),
        ({"policy.yaml": "x"}, {}, False),
        ({}, {"policy.yaml": "x"}, False),
        ({"pyproject.toml": "[project]"}, {}, True),
        ({"pyproject.toml": "[tool.policy]"}, {}, False),
        ({"policy.lock": "x"}, {}, False),
        ({"other": "x"}, {}, True),
    ],
)
def test_whether_two_are_the_same(tmp_path, before, after, same):
    copies = []
    for name, files in (("one", before), ("two", after)):
        for file, text in files.items():
            (tmp_path / name).mkdir(exist_ok=True)
            (tmp_path / name / file).write_text(text)
        (tmp_path / f"{name}-copy").mkdir()
        copies.append(Copy(WorkTree(str(tmp_path / name)), str(tmp_path / f"{name}-copy"), str(tmp_path)))
        copies[-1].fetch_sets("")
    assert copies[0].is_same(copies[1]) is same
