"""The nearest manifest covers a folder, and none from outside its repository does."""

from __future__ import annotations

import pytest

from policy.loading.nearest import find_nearest


@pytest.mark.parametrize(
    ("manifests", "folder", "found"),
    [
        (["."], ".", "."),
        (["."], "a/b", "."),
        ([".", "a"], "a/b", "a"),
        (["a/b/c"], "a/b", None),
        ([], "a/b", None),
        (["..", "."], "a", "."),
        ([".."], "a", None),
    ],
)
def test_where_it_is_looked_for(manifests, folder, found, tmp_path):
    root = tmp_path / "root"
    for made in (".git", "a/b/c"):
        (root / made).mkdir(parents=True)
    for place in manifests:
        (root / place / "ml-manifest.yaml").write_text("manifest: 1\n")
    expected = None if found is None else str((root / found / "ml-manifest.yaml").resolve())
    assert find_nearest(str(root / folder)) == expected


def test_without_a_repository_none_from_above_the_working_folder(tmp_path, monkeypatch):
    (tmp_path / "ml-manifest.yaml").write_text("manifest: 1\n")
    (tmp_path / "a").mkdir()
    assert find_nearest(str(tmp_path)) == str((tmp_path / "ml-manifest.yaml").resolve())
    monkeypatch.chdir(tmp_path / "a")
    assert find_nearest() is None


def test_a_folder_of_that_name_is_none(tmp_path):
    (tmp_path / "ml-manifest.yaml").mkdir()
    assert find_nearest(str(tmp_path)) is None
