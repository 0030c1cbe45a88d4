"""The documented workflow, as it stands in the documentation, on pull requests and a merge queue; run by act."""

from __future__ import annotations

import json
import re

import pytest

from tests.e2e.acting import ROOT, Acted, Repository, find_act, write_workflow
from tests.e2e.test_action import FILES
from tests.gates.action.forge_server import BOT, serve
from tests.gates.cli.conftest import write_manifest

DOCUMENTED = (ROOT / "docs/workflows/policy.yml").read_text(encoding="utf-8")
WORKFLOW = ".github/workflows/policy.yml"
BASE = {name: FILES[name] for name in FILES if name == "policy.yaml" or name.startswith("policies/")}
NOT_HERE = "f" * 40
# Loosened so that the project that comes with it would pass.
PROPOSED = {
    "policies/own/block.yaml": FILES["policies/own/block.yaml"].replace("effect: block", "effect: advise"),
    "bad/ml-manifest.yaml": write_manifest("bad", "approach: fine-tuning\nstage: production\n"),
}
SHALLOW = """\
      - run: git clone --quiet --depth=1 "file://$GITHUB_WORKSPACE" shallow
      - run: git clone --quiet --depth=1 "file://$GITHUB_WORKSPACE" mended
      - run: git -C mended fetch --quiet --depth=1 origin "$BASE"
"""
STEPS = {
    "shallow": {"path": "shallow"},
    "mended": {"path": "mended"},
    "own": {"path": "bad", "policies-from": "none"},
    "missing": {"path": "bad", "policies-from": NOT_HERE},
}


def describe(base: str, *, fork: bool = False) -> dict[str, object]:
    head = {"repo": {"full_name": "mallory/models" if fork else "acme/models", "fork": fork}}
    return {
        "pull_request": {"number": 7, "head": head, "base": {"sha": base, "repo": {"full_name": "acme/models"}}},
        "repository": {"full_name": "acme/models", "default_branch": "main"},
    }


@pytest.fixture(scope="module")
def proposal(tmp_path_factory: pytest.TempPathFactory) -> tuple[Repository, str]:
    """A repository with a pull request's branch checked out, and the commit that it is based on."""
    find_act()
    repository = Repository(tmp_path_factory.mktemp("proposal"))
    # `test_action.py` has jobs that install it.
    repository.install_once()
    workflows = {WORKFLOW: DOCUMENTED, ".github/workflows/steps.yml": write_workflow(STEPS, SHALLOW)}
    base = repository.commit({**BASE, **workflows})
    repository.git("config", "uploadpack.allowAnySHA1InWant", "true")
    repository.git("switch", "--quiet", "--create", "change")
    repository.commit(PROPOSED)
    return repository, base


def name_titles(acted: Acted) -> list[str]:
    return [properties["title"] for _, properties, _ in acted.list_annotations("policy")]


def test_a_pull_request_from_its_first_run_to_its_last(proposal):
    repository, base = proposal
    with serve() as server:
        planted = server.add("<!-- tunegate:ci:000000000000 -->\nall is well", login="mallory")
        acted = repository.act(WORKFLOW, "pull_request", describe(base), GITHUB_API_URL=server.address)
        # It ends with the exit code of the check, for its own policies would let it pass, and do not count.
        assert acted.code == 1
        assert f"policies-from: {base}, which this pull_request is based on\n" in acted.read_log("policy")
        assert "block[block]: approach is fine-tuning" in acted.read_log("policy")
        assert name_titles(acted) == ["block: block", "proposed"]
        sarif = json.loads((acted.results / "uploaded.sarif").read_bytes())
        assert [result["ruleId"] for result in sarif["runs"][0]["results"]] == ["block", "tunegate/proposed"]
        assert "comment: posted\n" in acted.read_log("policy")
        _, comment = server.comments
        assert comment["user"]["login"] == BOT
        assert "### Blocked: `bad`" in comment["body"]
        assert "with it the verdict would be allow" in comment["body"]
        assert re.match(r"<!-- tunegate:ci:[0-9a-f]{12} -->\n", comment["body"])

        # The project is mended, and the base loses its policies for a moment: one comment all the time.
        repository.commit({"bad/ml-manifest.yaml": write_manifest("bad", "approach: rag\n")})
        acted = repository.act(WORKFLOW, "pull_request", describe(base), GITHUB_API_URL=server.address)
        assert acted.code == 0
        assert "comment: updated\n" in acted.read_log("policy")
        assert "1 allowed" in comment["body"]
        assert "Blocked" not in comment["body"]
        acted = repository.act(WORKFLOW, "pull_request", describe(NOT_HERE, fork=True), GITHUB_API_URL=server.address)
        assert acted.code == 1
        assert "comment: updated\n" in acted.read_log("policy")
        assert f"git fetch --depth=1 origin {NOT_HERE}" in comment["body"]
        assert "1 allowed" not in comment["body"]
        assert len(server.comments) == 2
        assert planted["body"].endswith("all is well")
        assert not (acted.results / "uploaded.sarif").exists()
    repository.git("reset", "--quiet", "--hard", "HEAD~1")


def test_a_fork_gets_no_comment_and_hears_why(proposal):
    repository, base = proposal
    with serve() as server:
        server.status, server.answer = 403, b'{"message": "Resource not accessible by integration"}'
        acted = repository.act(WORKFLOW, "pull_request", describe(base, fork=True), GITHUB_API_URL=server.address)
    assert server.comments == []
    assert name_titles(acted) == ["block: block", "proposed", "no comment"]
    kind, _, message = acted.list_annotations("policy")[-1]
    assert kind == "notice"
    assert "403 (Resource not accessible by integration)" in message
    assert "a pull request from a fork has no token that may write" in message


def test_a_merge_queue_is_judged_by_what_it_is_based_on(proposal):
    repository, base = proposal
    acted = repository.act(WORKFLOW, "merge_group", {"merge_group": {"base_sha": base}})
    assert acted.code == 1
    assert f"policies-from: {base}, which this merge_group is based on\n" in acted.read_log("policy")
    assert name_titles(acted) == ["block: block", "proposed"]
    assert "comment: none, for the event `merge_group` is about no pull request\n" in acted.read_log("policy")


def test_a_shallow_clone_says_which_fetch_is_missing(proposal):
    repository, base = proposal
    acted = repository.act(".github/workflows/steps.yml", "pull_request", describe(base), BASE=base)
    told = {name: acted.tell(name) for name in STEPS}
    assert {name: step.outputs["exit-code"] for name, step in told.items()} == {
        "shallow": "2",
        "mended": "1",
        "own": "0",
        "missing": "2",
    }
    for name, commit in (("shallow", base), ("missing", NOT_HERE)):
        ((kind, _, message),) = told[name].annotations
        assert kind == "error"
        assert message.splitlines() == [
            f"`--policies-from`: there is no revision `{commit}` in this clone",
            f"help: fetch it: `git fetch --depth=1 origin {commit}`",
        ]
    assert "judged by policy.yaml at " not in told["own"].log
