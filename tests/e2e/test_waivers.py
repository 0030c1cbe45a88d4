"""Waivers in real repositories: what a proposal may write, and that it approves nothing by itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from policy.reports.contract import Decisions
from tests.e2e.conftest import ROOT, Plant, Policy, Result

NOW = ("--effective-time", "2026-11-20")
IN_CI = ("check", *NOW, "--gate", "ci", "--trusted-revision", "origin/main")
POLICY = """\
policy: no-tuning
title: Retrieve instead
severity: high
when: {approach: fine-tuning}
require: {retrieval.planned: true}
effect: block
"""
SET = """\
policy_set: 1
policies: [policies]
waivers: [waivers.yaml]
waiver_rules: {approvers: {default: [maria, nils]}}
trusted: {revision: origin/main}
"""
MANIFEST = "manifest: 1\nproject: reply-tone\napproach: fine-tuning\nretrieval: {planned: false}\n"
NONE = "waivers: 1\nentries: []\n"
OWNERS = "* @everybody\n/waivers.yaml @security\n/policy.yaml @security\n/.github/ @security\n"
FILES = {
    "policies/own/no-tuning.yaml": POLICY,
    "policy.yaml": SET,
    "waivers.yaml": NONE,
    "ml-manifest.yaml": MANIFEST,
    ".github/CODEOWNERS": OWNERS,
}


def write_waiver(**changes: str) -> str:
    given = {
        "id": "january",
        "policy": "no-tuning",
        "subject": "reply-*",
        "reason": "retrieval comes in January",
        "owner": "support-ml",
        "requested_by": "jan",
        "requested_on": "2026-11-01",
        "approved_by": "maria",
        "approved_on": "2026-11-10",
        "expires": "2027-01-31",
    }
    lines = [f"{key}: {value}" for key, value in {**given, **changes}.items() if value]
    return "waivers: 1\nentries:\n  - " + "\n    ".join(lines) + "\n"


class Clone:
    """A clone of a repository whose main branch is what is trusted; the command runs in it."""

    def __init__(self, policy: Policy, plant: Plant, remote: Path) -> None:
        self.policy = policy
        self.plant = plant
        self.remote = remote
        self.folder = policy.folder

    def git(self, *arguments: str) -> str:
        identity = ("-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "init.defaultBranch=main")
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        alone = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        command = ["git", *identity, *arguments]
        done = subprocess.run(command, cwd=self.folder, check=True, capture_output=True, env=kept | alone)
        return done.stdout.decode()

    def commit(self, files: Mapping[str, str]) -> None:
        self.plant(files)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message=change")

    def merge(self, files: Mapping[str, str]) -> None:
        """Change the trusted branch, as a merged proposal does."""
        self.commit(files)
        self.git("push", "--quiet", "origin", "HEAD:refs/heads/main")

    def propose(self, files: Mapping[str, str]) -> None:
        """Change a branch of one's own, and push it."""
        self.git("switch", "--quiet", "--create", "proposal")
        self.commit(files)
        self.git("push", "--quiet", "origin", "HEAD:refs/heads/proposal")

    def check(self, *arguments: str) -> Result:
        return self.policy(*(arguments or IN_CI), env={"CI": ""})

    def document(self, *arguments: str) -> dict[str, Any]:
        text = self.check(*(arguments or IN_CI), "--output", "json").out
        Decisions.model_validate_json(text)
        document: dict[str, Any] = json.loads(text)
        return document


@pytest.fixture
def clone(policy: Policy, plant: Plant, tmp_path: Path) -> Callable[..., Clone]:
    """A clone whose remote's main branch holds these files too."""

    def make(files: Mapping[str, str] | None = None) -> Clone:
        remote = tmp_path.with_name(f"{tmp_path.name}-remote")
        made = Clone(policy, plant, remote)
        made.git("init", "--quiet")
        made.git("init", "--quiet", "--bare", str(remote))
        made.git("remote", "add", "origin", str(remote))
        made.merge({**FILES, **(files or {})})
        made.git("fetch", "--quiet")
        return made

    return make


# What counts


def test_a_proposal_that_approves_its_own_waiver_is_blocked_until_it_is_merged(clone):
    made = clone()
    assert made.check().code == 1
    made.propose({"waivers.yaml": write_waiver()})
    result = made.check()
    assert result.code == 1
    assert "block[no-tuning]" in result.out
    (said,) = result.headlines
    assert said.startswith("warning: waivers.yaml:10:18: the waiver `january` does not count: ")
    assert said.endswith("it does not stand like this at the trusted revision origin/main")
    assert result.helps == ["have it reviewed and merged into origin/main"]
    made.git("push", "--quiet", "origin", "HEAD:refs/heads/main")
    result = made.check()
    assert (result.code, result.err) == (0, "")
    assert "waived[no-tuning]" in result.out
    assert "note: would block: waived until 2027-01-31; without the waiver: fail" in result.out


def test_what_is_not_committed_approves_nothing(clone):
    made = clone()
    made.plant({"waivers.yaml": write_waiver()})
    assert made.check().code == 1
    made.git("add", "--all")
    assert made.check().code == 1


PROPOSALS = {
    "the waivers": {"waivers.yaml": write_waiver()},
    "a longer life": {"waivers.yaml": write_waiver(expires="2027-02-05")},
    "another project": {"waivers.yaml": write_waiver(subject="'*'")},
    "who approves": {
        "policy.yaml": SET.replace("[maria, nils]", "[maria, nils, mallory]"),
        "waivers.yaml": write_waiver(approved_by="mallory"),
    },
    "another file": {"policy.yaml": SET.replace("[waivers.yaml]", "[more.yaml]"), "more.yaml": write_waiver()},
    "what is trusted": {
        "policy.yaml": SET.replace("origin/main", "origin/proposal"),
        "waivers.yaml": write_waiver(),
    },
    "trust in itself": {"policy.yaml": SET.replace("origin/main", "HEAD"), "waivers.yaml": write_waiver()},
    "the code owners": {".github/CODEOWNERS": "* @mallory\n", "waivers.yaml": write_waiver()},
    "everything": {
        "policy.yaml": SET.replace("origin/main", "proposal").replace("maria", "mallory"),
        "waivers.yaml": write_waiver(approved_by="mallory"),
        ".github/CODEOWNERS": "* @mallory\n",
        "CODEOWNERS": "* @mallory\n",
    },
}


@pytest.mark.parametrize("gate", ["check", "ci", "release"])
@pytest.mark.parametrize("proposal", PROPOSALS)
def test_no_proposal_approves_itself(clone, proposal, gate):
    made = clone()
    made.git("remote", "set-head", "origin", "main")
    made.propose(PROPOSALS[proposal])
    for trusted in ((), ("--trusted-revision", "origin/main")):
        result = made.check("check", *NOW, "--gate", gate, *trusted)
        assert result.code == 1, result.out
        assert "does not count" in result.err


WIDENED = {
    "who": "the policy set at origin/main does not let maria waive `no-tuning`",
    "how long": "it holds for 82 days, and 30 are allowed",
    "where": "policy.yaml at the trusted revision origin/main does not list waivers.yaml",
    "protection": "the policy set at origin/main protects `no-tuning`",
}


@pytest.mark.parametrize("widened", WIDENED)
def test_a_proposal_cannot_widen_the_rules_for_a_waiver_that_is_there(clone, widened):
    rules = {
        "who": (SET.replace("[maria, nils]", "[nils]"), write_waiver()),
        "how long": (SET.replace("}}\n", "}, longest: 30d}\n", 1), write_waiver()),
        "where": (SET.replace("[waivers.yaml]", "[]"), write_waiver()),
        "protection": (SET.replace("}}\n", "}, protected: [no-tuning]}\n", 1), write_waiver()),
    }
    text, waiver = rules[widened]
    made = clone({"policy.yaml": text, "waivers.yaml": waiver})
    assert made.check().code == 1
    made.propose({"policy.yaml": SET})
    result = made.check()
    assert result.code == 1
    assert WIDENED[widened] in result.err
    made.git("push", "--quiet", "origin", "HEAD:refs/heads/main")
    assert made.check().code == 0


def test_a_tag_with_the_branchs_name_takes_nobody_in(clone):
    made = clone()
    made.propose({"waivers.yaml": write_waiver()})
    made.git("tag", "origin/main")
    result = made.check()
    assert result.code == 1
    assert "`origin/main` is the name of refs/remotes/origin/main and of refs/tags/origin/main" in result.err


def test_a_proposal_that_takes_a_waiver_away_is_judged_without_it(clone):
    made = clone({"waivers.yaml": write_waiver()})
    assert made.check().code == 0
    made.propose({"waivers.yaml": NONE})
    assert made.check().code == 1


def test_a_layer_that_a_proposal_brings_in_or_leaves_out_counts_for_nothing(clone):
    sample = {
        "sample/policy.yaml": "policy_set: 1\npolicies: [../policies]\nwaivers: [waivers.yaml]\n"
        "waiver_rules: {approvers: {default: [maria]}}\n",
        "sample/waivers.yaml": write_waiver(),
    }
    bare = "policy_set: 1\npolicies: [policies]\n"
    made = clone({"policy.yaml": bare, **sample})
    made.propose({"policy.yaml": f"{bare}extends: [sample]\n"})
    result = made.check()
    assert result.code == 1
    assert "policy.yaml extends other policy sets at the trusted revision origin/main" in result.err


SAMPLE = {
    "sample/policy.yaml": SET.replace("[policies]", "[../policies]"),
    "sample/waivers.yaml": write_waiver(),
}


def test_a_link_to_an_example_approves_nothing(clone):
    made = clone(SAMPLE)
    (made.folder / "policy.yaml").unlink()
    (made.folder / "policy.yaml").symlink_to("sample/policy.yaml")
    made.propose({})
    for folder in (made.folder, made.folder / "policies"):
        result = made.policy(*IN_CI, str(made.folder), folder=folder)
        assert result.code == 1
        assert "its approval cannot be shown, for policy.yaml is a link" in result.err
    # Whoever names it by its own name means it.
    (made.folder / "policy.yaml").unlink()
    assert made.check(*IN_CI, "--config", "sample/policy.yaml").code == 0


def test_a_link_in_the_way_to_another_layer_approves_nothing(clone):
    org = {"org/policy.yaml": "policy_set: 1\npolicies: [../policies]\nwaiver_rules: {protected: [no-tuning]}\n"}
    made = clone({**org, **SAMPLE, "policy.yaml": "policy_set: 1\nextends: [org]\n"})
    (made.folder / "org" / "policy.yaml").unlink()
    (made.folder / "org").rmdir()
    (made.folder / "org").symlink_to("sample")
    made.propose({})
    result = made.check()
    assert result.code == 1
    assert "what policy.yaml extends as org is elsewhere, by a link" in result.err


GOVERNED = {"policy.yaml": "policy_set: 1\nextends: [gov]\n", "gov/waivers.yaml": NONE}
GOV = SET.replace("[policies]", "[../policies]")


def make_repository(made: Clone, folder: Path, files: Mapping[str, str]) -> Clone:
    """Somebody's own repository, whose main branch holds these files."""
    folder.mkdir()
    theirs = Clone(made.policy, made.plant, folder)
    theirs.folder = folder
    theirs.git("init", "--quiet", "--initial-branch=main")
    for name, text in files.items():
        (folder / name).write_text(text)
    theirs.git("add", "--all")
    theirs.git("commit", "--quiet", "--message=theirs")
    return theirs


def add_submodule(made: Clone, theirs: Clone) -> None:
    made.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "--force", str(theirs.folder), "gov")
    made.git("commit", "--quiet", "--all", "--message=gov")


def test_a_submodule_in_the_place_of_a_layer_approves_nothing(clone, tmp_path):
    made = clone({**GOVERNED, "gov/policy.yaml": GOV})
    files = {"policy.yaml": GOV.replace("maria, nils", "eve"), "waivers.yaml": write_waiver(approved_by="eve")}
    theirs = make_repository(made, tmp_path.with_name(f"{tmp_path.name}-theirs"), files)
    made.propose({"other": "other"})
    made.git("rm", "-r", "--quiet", "gov")
    add_submodule(made, theirs)
    for arguments in (IN_CI, ("check", *NOW)):
        result = made.check(*arguments)
        assert result.code == 1
        assert "its approval cannot be shown: gov is no submodule at origin/main" in result.err


def test_a_submodule_counts_at_the_commit_that_the_trusted_revision_pins(clone, tmp_path):
    made = clone({"policy.yaml": GOVERNED["policy.yaml"]})
    files = {"policy.yaml": GOV, "waivers.yaml": write_waiver()}
    theirs = make_repository(made, tmp_path.with_name(f"{tmp_path.name}-theirs"), files)
    add_submodule(made, theirs)
    made.git("push", "--quiet", "origin", "HEAD:refs/heads/main")
    assert made.check().code == 0
    inner = Clone(made.policy, made.plant, theirs.folder)
    inner.folder = made.folder / "gov"
    (inner.folder / "waivers.yaml").write_text(write_waiver(expires="2027-02-01"))
    inner.git("commit", "--quiet", "--all", "--message=longer")
    inner.git("update-ref", "refs/remotes/origin/main", "HEAD")
    made.git("commit", "--quiet", "--all", "--message=longer")
    result = made.check()
    assert result.code == 1
    assert "it does not stand like this at the trusted revision origin/main" in result.err


@pytest.mark.parametrize("order", ["mine, org", "org, mine"])
def test_a_layer_of_ones_own_beside_the_organisations_waives_nothing_final(clone, order):
    final = "policy_set: 1\npolicies: [../policies]\nfinal: [no-tuning]\n"
    rules = "waiver_rules: {approvers: {default: [maria]}}\n"
    mine = f"{final}waivers: [../waivers.yaml]\n{rules}"
    files = {"org/policy.yaml": final, "mine/policy.yaml": mine, "waivers.yaml": write_waiver()}
    made = clone({**files, "policy.yaml": f"policy_set: 1\nextends: [{order}]\n"})
    result = made.check()
    assert result.code == 1
    assert "`no-tuning` is final: only waivers that org/policy.yaml lists can concern it" in result.err


def test_a_layer_that_says_final_again_takes_no_waiver_from_its_base(clone):
    final = "policy_set: 1\npolicies: [../policies]\nfinal: [no-tuning]\n"
    base = f"{final}waivers: [../waivers.yaml]\nwaiver_rules: {{approvers: {{default: [maria]}}}}\n"
    upper = "policy_set: 1\nextends: [org]\nfinal: [no-tuning]\n"
    made = clone({"org/policy.yaml": base, "waivers.yaml": write_waiver(), "policy.yaml": upper})
    assert made.check().code == 0


# Code owners


def test_code_owners_can_be_required(clone):
    guarded = SET.replace("{revision: origin/main}", "{revision: origin/main, code_owners: true}")
    made = clone({"policy.yaml": guarded, "waivers.yaml": write_waiver()})
    assert made.check().code == 0
    # A proposal can neither lift the requirement nor fulfil it.
    made.merge({".github/CODEOWNERS": "/waivers.yaml @security\n"})
    result = made.check()
    assert result.code == 1
    assert "no code owner guards policy.yaml at the trusted revision origin/main" in result.err
    made.propose({".github/CODEOWNERS": OWNERS, "policy.yaml": SET})
    assert made.check().code == 1


def test_without_code_owners_none_guards(clone):
    guarded = SET.replace("{revision: origin/main}", "{revision: origin/main, code_owners: true}")
    made = clone({"policy.yaml": guarded, "waivers.yaml": write_waiver(), ".github/CODEOWNERS": "# nobody\n"})
    assert "no code owner guards waivers.yaml at" in made.check().err
    (made.folder / ".github" / "CODEOWNERS").unlink()
    made.merge({})
    assert "no code owner guards waivers.yaml (there is no CODEOWNERS) at" in made.check().err


# Which revision is trusted


def test_at_a_gate_that_binds_others_the_policy_sets_own_word_is_not_enough(clone):
    made = clone({"waivers.yaml": write_waiver()})
    assert made.check("check", *NOW).code == 0
    result = made.check("check", *NOW, "--gate", "ci")
    assert result.code == 1
    assert "at the gate ci a proposal could change what policy.yaml trusts" in result.err
    assert "POLICY_TRUSTED_REVISION" in result.helps[0]
    assert made.policy("check", *NOW, "--gate", "ci", env={"POLICY_TRUSTED_REVISION": "origin/main"}).code == 0
    for variable in ("CI", "TF_BUILD", "JENKINS_URL", "TEAMCITY_VERSION", "CODEBUILD_BUILD_ID"):
        assert made.policy("check", *NOW, env={variable: "true"}).code == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--trusted-revision", "upstream/main"), "there is no revision `upstream/main` in this clone"),
        (("--trusted-revision", "--all"), "`--all` names no revision"),
        (("--trusted-revision", ""), "at the gate ci a proposal"),
    ],
)
def test_a_revision_that_is_not_there_shows_nothing(clone, arguments, said):
    made = clone({"waivers.yaml": write_waiver()})
    result = made.check("check", *NOW, "--gate", "ci", *arguments)
    assert result.code == 1
    assert said in result.err


def test_without_git_or_a_revision_no_approval_counts(plant, policy):
    plant({**FILES, "waivers.yaml": write_waiver()})
    result = policy("check", *NOW, "--trusted-revision", "main")
    assert (result.code, "policy.yaml lies in no git repository" in result.err) == (1, True)
    plant({"policy.yaml": SET.replace("trusted: {revision: origin/main}\n", "")})
    result = policy("check", *NOW)
    assert (result.code, "for no revision is trusted" in result.err) == (1, True)
    assert "`trusted: {revision: origin/main}`" in result.helps[0]


def test_a_policy_set_outside_the_repository_is_no_proposals(clone, tmp_path_factory):
    made = clone()
    outside = tmp_path_factory.mktemp("outside")
    there = Clone(Policy(outside), made.plant, outside)
    for name, text in {**FILES, "waivers.yaml": write_waiver()}.items():
        (outside / name).parent.mkdir(parents=True, exist_ok=True)
        (outside / name).write_text(text)
    (outside / "policy.yaml").write_text(SET.replace("origin/main", "main"))
    there.git("init", "--quiet", "--initial-branch=main")
    there.git("add", "--all")
    there.git("commit", "--quiet", "--message=first")
    config = os.path.relpath(outside / "policy.yaml", made.folder)
    assert made.check("check", *NOW, "--gate", "ci", "--config", config).code == 0
    (outside / "waivers.yaml").write_text(write_waiver(expires="2027-02-05"))
    assert made.check("check", *NOW, "--gate", "ci", "--config", config).code == 1


# What is reported


def test_the_clock_of_a_waiver_is_that_of_the_command(clone):
    made = clone({"waivers.yaml": write_waiver()})

    def at(day: str) -> tuple[int, list[str], str]:
        result = made.check("check", "--trusted-revision", "origin/main", "--effective-time", day)
        document = made.document("check", "--trusted-revision", "origin/main", "--effective-time", day)
        return result.code, [line.partition(": ")[2] for line in result.headlines], document["waivers"][0]["state"]

    where = "waivers.yaml:{}:{}: the waiver `january` {}"
    early = "does not count: it is dated 2026-11-10, which is still to come"
    assert at("2026-11-09") == (1, [where.format(11, 18, early)], "pending")
    assert at("2026-11-10") == (0, [], "active")
    assert at("2027-01-16") == (0, [], "active")
    soon = "ends on 2027-01-31, {}"
    assert at("2027-01-17") == (0, [where.format(12, 14, soon.format("in 14 days"))], "expiring")
    assert at("2027-01-31T23:59:59Z") == (0, [where.format(12, 14, soon.format("today"))], "expiring")
    assert at("2027-02-01") == (1, [where.format(12, 14, "does not count: it ended on 2027-01-31")], "expired")


def test_a_waiver_that_is_not_needed_is_said(clone):
    made = clone({"waivers.yaml": write_waiver(), "b/ml-manifest.yaml": MANIFEST.replace("reply-tone", "b")})
    document = made.document()
    assert (document["waivers"][0]["used"], document["warnings"]) == (True, [])
    # Of what was not judged nothing is known.
    document = made.document(*IN_CI, "b")
    assert (document["waivers"][0]["used"], document["warnings"]) == (None, [])
    made.plant({"ml-manifest.yaml": MANIFEST.replace("false", "true")})
    result = made.check(*IN_CI, "ml-manifest.yaml")
    assert result.headlines == [
        "warning: waivers.yaml:3:5: the waiver `january` is not needed: `no-tuning` is met or does not apply"
    ]
    made.plant({"ml-manifest.yaml": MANIFEST.replace("reply-tone", "other")})
    result = made.check()
    assert result.code == 1
    assert "is not needed: it names no project that was judged" in result.err


def test_several_processes_see_the_same(clone):
    more = {f"p{number}/ml-manifest.yaml": MANIFEST.replace("tone", str(number)) for number in range(120)}
    made = clone({"waivers.yaml": write_waiver(), **more})
    alone, together = made.document(*IN_CI, "--jobs", "1"), made.document(*IN_CI, "--jobs", "2")
    assert alone == together
    assert alone["summary"]["outcomes"]["waived"] == 121
    assert alone["waivers"][0]["used"] is True


def test_a_waiver_of_another_project_is_no_part_of_a_decision(clone):
    made = clone()
    before = made.document()["decisions"][0]
    made.merge({"waivers.yaml": write_waiver(subject="other-*")})
    after = made.document()["decisions"][0]
    assert after == before
    made.merge({"waivers.yaml": write_waiver()})
    waived = made.document()["decisions"][0]
    assert waived["waivers"] != before["waivers"]
    assert waived["basis"] != before["basis"]


def test_a_file_that_is_wrong_ends_with_2_whatever_is_trusted(clone):
    made = clone({"waivers.yaml": write_waiver()})
    made.plant({"waivers.yaml": write_waiver(policy="no-tunning")})
    result = made.check()
    assert result.code == 2
    assert result.headlines == ["error: waivers.yaml:4:13: there is no policy `no-tunning`"]
    assert result.helps == ["write `no-tuning`"]


def test_what_is_wrong_at_the_trusted_revision_shows_nothing(clone):
    made = clone({"waivers.yaml": "waivers: 3\n"})
    made.plant({"waivers.yaml": write_waiver()})
    result = made.check()
    assert result.code == 1
    assert "what the trusted revision origin/main holds cannot be read: waivers.yaml:1:10: the format" in result.err


def test_explain_counts_waivers_too(clone):
    made = clone({"waivers.yaml": write_waiver()})
    assert "reply-tone: waived" in made.check("explain", "no-tuning", ".", *NOW).out
    made.plant({"waivers.yaml": write_waiver(reason="another")})
    result = made.check("explain", "no-tuning", ".", *NOW)
    assert "reply-tone: fail" in result.out
    assert "the waiver `january` does not count" in result.err


# From the request to the end


def test_the_guides_files_are_what_it_says(clone):
    page = (ROOT / "docs" / "how-to" / "waive-a-policy.md").read_text(encoding="utf-8")
    waivers, policy_set = (block.partition("```")[0] for block in page.split("```yaml\n")[1:])
    manifest = MANIFEST + "data: {change_interval: 7d}\n"
    made = clone({"waivers.yaml": waivers, "policy.yaml": policy_set, "ml-manifest.yaml": manifest})
    in_december = ("--effective-time", "2026-12-01", "--trusted-revision", "origin/main")
    assert made.check("waivers", *in_december).out.startswith(
        "active    volatile-data for reply-tone, until 2027-01-31"
    )
    assert "waived[volatile-data]" in made.check("check", *in_december).out


def test_a_request_on_its_way(clone):
    made = clone({"waivers.yaml": "# Ask in the channel first.\nwaivers: 1\nentries: []\n"})
    asked = made.check(
        "waive", "no-tuning", "--project", "reply-*", "--reason", "retrieval: in January", "--owner", "support-ml",
        "--expires", "2027-01-31", "--requested-by", "jan", "--ticket", "ML-1", *NOW,
    )  # fmt: skip
    assert (asked.code, asked.err) == (0, "")
    assert asked.out.splitlines() == [
        "asked for a waiver of `no-tuning` for reply-* until 2027-01-31, in waivers.yaml",
        "  next: have it approved by maria or nils: they add `approved_by` and `approved_on`",
        "  next: commit it, and merge it into origin/main: until then it does not count",
    ]
    text = (made.folder / "waivers.yaml").read_text(encoding="utf-8")
    assert text.startswith("# Ask in the channel first.\nwaivers: 1\nentries:\n  - policy: no-tuning\n")
    result = made.check()
    assert result.code == 1
    assert "the waiver `no-tuning for reply-*` does not count: nobody has approved it" in result.headlines[0]
    approved = text + "    approved_by: nils\n    approved_on: 2026-11-20\n"
    made.propose({"waivers.yaml": approved})
    assert made.check().code == 1
    made.git("push", "--quiet", "origin", "HEAD:refs/heads/main")
    assert made.check().code == 0


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (("no-tunning",), "there is no policy `no-tunning`"),
        (("--expires", "2026-11-19"), "`--expires`: 2026-11-19 is over"),
        (("--expires", "soon"), "`--expires`: `soon` is not a date"),
        (("--expires", "2027-03-31"), "error: the waiver could not count: it holds for 131 days, and 90 are allowed"),
        (("--reason", " "), "`--reason` is blank"),
        (("--reason", "a\x1b[31mb"), "`--reason` holds a character that cannot be printed"),
        (("--file", "policy.yaml"), "the format of the waiver file is not said"),
        (("guarded",), "the policy set protects `guarded`: nobody may waive it"),
    ],
)
def test_what_cannot_be_waived_is_not_asked_for(clone, changes, said):
    rules = SET.replace("}}\n", "}, protected: [guarded]}\n", 1)
    made = clone({"policy.yaml": rules, "policies/own/guarded.yaml": POLICY.replace("no-tuning", "guarded")})
    name, rest = (changes[0], ()) if len(changes) == 1 else ("no-tuning", changes)
    options = {"--project": "a", "--reason": "b", "--owner": "c", "--expires": "2026-12-01", "--requested-by": "d"}
    pairs = {**options, **dict(zip(rest[::2], rest[1::2], strict=True))}
    result = made.check("waive", name, *(word for pair in pairs.items() for word in pair), *NOW)
    assert result.code == 2
    assert said in result.err
    assert made.git("status", "--porcelain") == ""


def test_a_final_policy_of_another_layer_is_not_asked_for(clone):
    base = "policy_set: 1\npolicies: [../policies]\nfinal: [no-tuning]\n"
    made = clone({"org/policy.yaml": base, "policy.yaml": SET.replace("policies: [policies]", "extends: [org]")})
    options = ("--project", "a", "--reason", "b", "--owner", "c", "--expires", "2026-12-01", "--requested-by", "d")
    result = made.check("waive", "no-tuning", *options, *NOW)
    assert result.code == 2
    assert "`no-tuning` is final: only waivers that org/policy.yaml lists can concern it" in result.err
    made.merge({"waivers.yaml": write_waiver()})
    result = made.check()
    assert result.code == 1
    assert "only waivers that org/policy.yaml lists can concern it" in result.err
    listed = "waivers: [waivers.yaml]\nwaiver_rules: {approvers: {default: [maria]}}\n"
    made.merge({"org/policy.yaml": base + listed, "org/waivers.yaml": write_waiver(), "waivers.yaml": NONE})
    assert made.check().code == 0


def test_waivers_are_listed_with_how_they_stand(clone, snapshot):
    entries = [
        write_waiver(),
        write_waiver(id="soon", approved_on="2026-11-01", expires="2026-11-30", ticket="ML-7"),
        write_waiver(id="asked", approved_by="", approved_on="", subject="gone-*", expires="2027-01-30"),
        write_waiver(id="alone", requested_by="maria", compensating_control="weekly checks"),
        write_waiver(id="over", expires="2026-11-19", approved_on=""),
    ]
    text = NONE.replace(" []", "") + "".join(entry.partition("entries:\n")[2] for entry in entries)
    made = clone({"waivers.yaml": text})
    made.plant({"waivers.yaml": text + write_waiver(id="new").partition("entries:\n")[2]})
    result = made.check("waivers", *NOW)
    assert (result.code, result.err) == (0, "")
    snapshot("waivers/list.txt", result.out)
    document = json.loads(made.check("waivers", *NOW, "--output", "json").out)
    assert (document["format"], document["revision"]) == ("policy-waiver-list/1", "origin/main")
    states = {waiver["id"]: (waiver["state"], waiver["used"]) for waiver in document["waivers"]}
    assert states == {
        "january": ("active", None),
        "soon": ("expiring", None),
        "asked": ("pending", False),
        "alone": ("refused", None),
        "over": ("expired", None),
        "new": ("pending", None),
    }


def test_a_manifest_that_cannot_be_read_is_said_and_may_be_any_project(clone):
    made = clone({"waivers.yaml": write_waiver(subject="gone-*")})
    assert "note: it names no project here" in made.check("waivers", *NOW).out
    made.plant({"b/ml-manifest.yaml": "manifest: 9\n"})
    result = made.check("waivers", *NOW)
    assert result.code == 0
    assert "it names no project" not in result.out
    assert result.headlines[0].startswith("warning: b/ml-manifest.yaml:1:")


def test_at_another_gate_the_list_says_what_would_count_there(clone):
    made = clone({"waivers.yaml": write_waiver()})
    assert made.check("waivers", *NOW).out.startswith("active ")
    assert made.check("waivers", *NOW, "--gate", "release").out.startswith("pending ")


@pytest.mark.parametrize(("text", "imported"), [(SET, True), ("policy_set: 1\npolicies: [policies]\n", False)])
def test_what_waives_nothing_costs_nothing(plant, policy, text, imported):
    plant({**FILES, "policy.yaml": text})
    program = "import sys, tunegate; tunegate.main(); print([name for name in sys.modules if 'waiv' in name])"
    command = [sys.executable, "-c", program, "check", *NOW, "--output", "short"]
    done = subprocess.run(
        command, cwd=policy.folder, env=policy.environment, capture_output=True, text=True, check=True
    )
    assert ("policy.loading.waivers.files" in done.stdout) is imported
    assert imported or done.stdout.endswith("[]\n")


def test_without_waivers_the_list_is_empty(clone):
    result = clone().check("waivers", *NOW)
    assert (result.code, result.out, result.err) == (0, "there are no waivers\n", "")


def test_a_second_project_cannot_take_the_name_of_a_waived_one(clone):
    made = clone({"waivers.yaml": write_waiver()})
    made.propose({"other/ml-manifest.yaml": MANIFEST})
    result = made.check()
    assert result.code == 2
    assert "error: other/ml-manifest.yaml:2:10: another manifest states the project `reply-tone` too" in result.err
