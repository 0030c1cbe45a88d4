from __future__ import annotations

import pytest

from policy.loading.git.commands import GitError
from policy.loading.git.objects import Object, ObjectReader
from policy.loading.git.trees import Tree
from tests.loading.conftest import git

FILES = {"a.yaml": "x: 1\n", "f/b.yaml": "y", "f/g/c": "z", "odd\nname": "n", "schön": "s"}


@pytest.fixture(params=["sha1", "sha256"])
def tree(write, request):
    root = write(FILES)
    (root / "link").symlink_to("f")
    git(root, "init", "--quiet", f"--object-format={request.param}")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message=first")
    with ObjectReader(str(root)) as reader:
        yield Tree(reader, git(root, "rev-parse", "HEAD").strip())


def test_files_by_their_paths(tree):
    for path, content in FILES.items():
        assert tree.read(tree.find(path)) == content.encode()
    assert set(tree.list_folder("")) == {"a.yaml", "f", "link", "odd\nname", "schön"}
    assert set(tree.list_folder("f")) == {"b.yaml", "g"}


def test_kinds(tree):
    assert tree.find("").is_folder
    assert tree.find("f/g").is_folder
    assert tree.find("link").is_link
    assert tree.read(tree.find("link")) == b"f"
    assert not any(tree.find("a.yaml")[0] == mode for mode in ("40000", "120000"))


@pytest.mark.parametrize("path", ["gone", "a.yaml/x", "link/b.yaml", "f/gone/x", "..", "f/.."])
def test_what_is_not_there(tree, path):
    assert tree.find(path) is None


def test_a_folder_that_is_none_is_empty(tree):
    assert tree.list_folder("a.yaml") == {}


class Hostile(ObjectReader):
    """Objects that no git would write."""

    def __init__(self, data):
        super().__init__(".")
        self.data = data

    def read(self, name):
        return Object("tree", self.data)


@pytest.mark.parametrize("name", [b"..", b".", b"", b"a/b"])
def test_names_that_lead_elsewhere_are_refused(name):
    with pytest.raises(GitError, match="a name that is none"):
        Tree(Hostile(b"100644 " + name + b"\0" + b"1" * 20), "1" * 40).list_folder("")
