from __future__ import annotations

import pytest

from policy.app.hooks.push_base import Base, compare_policies, hide_outside, write_base
from policy.app.hooks.pushes import Tip
from policy.app.hooks.snapshots import open_snapshot
from policy.app.trusted.copying import Copy
from policy.app.trusted.work_tree import WorkTree
from policy.errors import Location, PolicyError, Problem
from policy.loading.git.repositories import find_head, list_tree, open_repository
from policy.loading.git.snapshots import write_files
from tests.loading.conftest import _alone, git, repository, write  # noqa: F401 - fixtures

OWN = "policy: own\ntitle: Own\nseverity: low\nrequire: {approach: rag}\neffect: flag\n"


@pytest.fixture
def compare(repository):  # noqa: F811
    """What a push does that leads from some files to others."""

    def ask(before, after):
        root = repository({**before, "README.md": ""})
        asked = open_repository()
        first = git(root, "rev-parse", "HEAD").strip()
        for name in before:
            (root / name).unlink()
        for name, text in after.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
        git(root, "add", "--all")
        git(root, "commit", "--quiet", "--allow-empty", "--message=second")
        with open_snapshot(asked, find_head(asked)) as tip:
            write_files(tip, list_tree(asked, "HEAD"))
            base = write_base(asked, tip.folder, Tip(("x",), "HEAD", first, "main"))
            return compare_policies(base, tip.folder)

    return ask


SET = "policy_set: 1\npolicies: [./rules]\n"
RULES = {"policy.yaml": SET, "rules/own.yaml": OWN}
CHANGES = "changes the policy set"


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (RULES, RULES, ""),
        (RULES, {**RULES, "policy.yaml": f"# x\n{SET}"}, ""),
        (RULES, {**RULES, "rules/own.yaml": f"{OWN}on_unknown: block\n"}, CHANGES),
        (RULES, {}, CHANGES),
        ({}, RULES, CHANGES),
        ({}, {"policy.yaml": "policy_set: 1\n"}, ""),
        ({}, {"other.yaml": "x: 1\n"}, ""),
        ({}, {"policy.yaml": "policy_set: 1\nplugins: [nowhere]\n"}, CHANGES),
        ({}, {"policy.yaml": "policy_set: 1\nplugins: [nowhere]\npolicies: [acme]\n"}, "may change the policy set"),
    ],
)
def test_what_a_push_does_to_the_policies(compare, before, after, said):
    found = compare(before, after)
    assert found.startswith(said) if said else found == ""


def test_a_broken_proposal_is_an_error(compare):
    with pytest.raises(PolicyError, match=r"policy\.yaml:2:1"):
        compare({}, {"policy.yaml": "policy_set: 1\nmodus: x\n"})


@pytest.mark.parametrize(
    ("file", "shown"),
    [
        ("policy.yaml", True),
        ("../main@1/policy.yaml", True),
        ("../main@1x/policy.yaml", False),
        ("../../etc/passwd", False),
        ("/etc/passwd", False),
        ("..", False),
    ],
)
def test_files_of_the_server_are_not_told_of(file, shown):
    error = PolicyError(Problem("secret", "x", Location(file)), Problem("general"))
    hidden = hide_outside(error, Base(Copy(WorkTree("/x"), "/x/main@1", "/x"), ""))
    assert ("secret" in str(hidden)) == shown
    assert "general" in str(hidden)
    assert len(hidden.problems) == 2
