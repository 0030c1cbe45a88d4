from __future__ import annotations

import pytest

from policy.loading.bundles.confinement import leads_out
from policy.loading.bundles.names import find_fault, find_twins, is_hidden


@pytest.mark.parametrize(
    "path",
    ["policy.yaml", "policies/cost/a-b_c.yaml", "größe/日本.yaml", "a b.yaml", "console.yaml", "x..y", ".github/x"],
)
def test_a_name_that_every_system_can_hold(path):
    assert find_fault(path) == ""


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ("/etc/passwd", "is an absolute path"),
        ("\\\\host\\x", "is an absolute path"),
        ("C:/x.yaml", "is an absolute path"),
        ("c:x.yaml", "is an absolute path"),
        ("../x", "leads out of it through `..`"),
        ("a/../../x", "leads out of it through `..`"),
        ("a\\..\\x", "leads out of it through `..`"),
        ("a/..", "leads out of it through `..`"),
        ("", "has an empty part"),
        ("a//b", "has an empty part"),
        ("a/./b", "has an empty part"),
        ("a/", "has an empty part"),
        ("a\\b", "holds a character"),
        ("ab:c", "holds a character"),
        ("a\nb", "holds a character"),
        ("a\0b", "holds a character"),
        ("a?", "holds a character"),
        ("a.", "not every system"),
        ("a /b", "not every system"),
        (" a", "not every system"),
        ("a/CON", "not every system"),
        ("aux.yaml", "not every system"),
        ("lpt1.tar.gz", "not every system"),
        ("e\u0301.yaml", "normal form C"),
        ("\udcff.yaml", "is not UTF-8"),
        ("a/" * 40 + "b", "too long, or too deep"),
        ("a" * 256, "too long, or too deep"),
        ("ä" * 128, "too long, or too deep"),
    ],
)
def test_a_name_that_is_refused(path, fault):
    assert fault in find_fault(path)


@pytest.mark.parametrize(
    ("paths", "pairs"),
    [
        (["a", "b", "c/a", "c/b"], []),
        (["a.yaml", "A.yaml"], [("a.yaml", "A.yaml")]),
        (["straße", "STRASSE"], [("straße", "STRASSE")]),
        (["x/a", "X/b"], [("x", "X")]),
        (["x", "x/a"], [("x", "x")]),
        (["x/a", "x"], [("x", "x")]),
        (["x/y/a", "x/y"], [("x/y", "x/y")]),
    ],
)
def test_names_that_are_one_elsewhere(paths, pairs):
    assert list(find_twins(paths)) == pairs


@pytest.mark.parametrize(
    ("path", "hidden"), [(".git/config", True), ("a/.b", True), ("a.b/c.d", False), ("a/..b", True)]
)
def test_what_is_hidden(path, hidden):
    assert is_hidden(path) is hidden


@pytest.mark.parametrize(
    ("folder", "name", "out"),
    [
        ("/b", "policies", False),
        ("/b", ".", False),
        ("/b/team", "..", False),
        ("/b/team", "../other/../policies", False),
        ("/b", "..", True),
        ("/b", "../b2", True),
        ("/b/team", "../../x", True),
        ("/b", "/b/policies", True),
        ("/b", ".hidden", True),
        ("/b/team", "../.hidden/x", True),
        ("/b", "a\\..\\..\\x", True),
    ],
)
def test_a_path_that_leads_out(folder, name, out):
    assert leads_out(folder, name, "/b") is out
