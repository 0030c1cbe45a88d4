"""Policy sets in bundles, in real repositories: waivers in them, hooks without them, and no network for a check."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from policy.loading.bundles.archives import write_archive
from policy.loading.bundles.content import digest_files
from policy.loading.bundles.manifest import make_manifest

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
waiver_rules: {approvers: {default: [maria]}}
"""
WAIVER = """\
waivers: 1
entries:
  - policy: no-tuning
    subject: tone
    reason: retrieval comes in January
    owner: support-ml
    requested_by: jan
    requested_on: 2026-11-01
    approved_by: maria
    approved_on: 2026-11-10
    expires: 2027-01-31
"""
ORG = {"policy.yaml": SET, "policies/own/no-tuning.yaml": POLICY, "waivers.yaml": WAIVER}
MANIFEST = "manifest: 1\nproject: tone\napproach: fine-tuning\nretrieval: {planned: false}\n"
IN_CI = ("check", "--effective-time", "2026-11-20", "--gate", "ci", "--trusted-revision", "main")


def pack(files):
    contents = {path: text.encode() for path, text in files.items()}
    return write_archive(contents, make_manifest(contents, "org", "")), digest_files(contents).replace(":", "=")


def git(folder, *arguments):
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "init.defaultBranch=main")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, env=kept)


@pytest.fixture
def project(plant, policy, tmp_path_factory):
    """A repository whose main branch extends a bundle with a waiver in it; it runs the command."""
    policy.environment["POLICY_CACHE_DIR"] = str(tmp_path_factory.mktemp("cache"))
    data, digest = pack(ORG)
    text = f"policy_set: 1\nextends: ['org.tar.gz#{digest}']\n"
    folder = plant({"org.tar.gz": data, "policy.yaml": text, "ml-manifest.yaml": MANIFEST})
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=first")
    return policy


def test_a_waiver_in_a_bundle_is_as_approved_as_its_digest_is(project):
    result = project(*IN_CI)
    assert result.code == 0, result.err
    assert "waived" in result.out


def test_a_proposal_approves_nothing_by_another_bundle(project, plant):
    data, digest = pack({**ORG, "waivers.yaml": WAIVER.replace("subject: tone", "subject: '*'")})
    plant({"org.tar.gz": data, "policy.yaml": f"policy_set: 1\nextends: ['org.tar.gz#{digest}']\n"})
    result = project(*IN_CI)
    assert result.code == 1
    assert "policy.yaml extends other policy sets at the trusted revision main" in result.out + result.err


def test_code_owners_do_not_own_a_bundle(project, plant):
    data, digest = pack({**ORG, "policy.yaml": f"{SET}trusted: {{code_owners: true}}\n"})
    folder = plant({"org.tar.gz": data, "policy.yaml": f"policy_set: 1\nextends: ['org.tar.gz#{digest}']\n"})
    git(folder, "commit", "--quiet", "--all", "--message=owned")
    result = project(*IN_CI)
    assert result.code == 1
    assert "waivers.yaml is a bundle's and has no code owners" in result.out + result.err


def test_a_hook_judges_by_a_bundle_that_is_kept(project, plant):
    files = {path: text.encode() for path, text in ORG.items() if path != "waivers.yaml"}
    files["policy.yaml"] = SET.replace("waivers: [waivers.yaml]\n", "").encode()
    outside = Path(project.environment["POLICY_CACHE_DIR"]).parent / f"outside-{os.getpid()}"
    for path, data in files.items():
        (outside / path).parent.mkdir(parents=True, exist_ok=True)
        (outside / path).write_bytes(data)
    name = f"{os.path.relpath(outside, project.folder)}#{digest_files(files).replace(':', '=')}"
    plant({"policy.yaml": f"policy_set: 1\nextends: ['{name}']\n", "ml-manifest.yaml": f"{MANIFEST}# changed\n"})
    git(project.folder, "add", "--all")
    assert project("check").code == 1
    # In the copy that a hook makes the path leads nowhere.
    missing = project("hook", "pre-commit")
    assert missing.code == 2
    assert "and none of its digest is kept here" in missing.err
    assert project("bundle", "lock").code == 0
    git(project.folder, "add", "--all")
    judged = project("hook", "pre-commit")
    assert judged.code == 1
    assert "block[no-tuning]" in judged.out


def test_no_check_opens_a_connection(project, plant):
    digest = "0" * 64
    plant({"policy.yaml": f"policy_set: 1\nextends: ['https://127.0.0.1:1/org.tar.gz#sha256={digest}']\n"})
    result = project("check")
    assert result.code == 2
    assert result.headlines == [
        "error: policy.yaml:2:11: the bundle `org` is not kept here, and no check fetches anything"
    ]
    fetched = project("bundle", "fetch")
    assert fetched.code == 2
    assert "it cannot be reached: Connection refused" in fetched.err


def test_a_store_that_cannot_be_written(project, unprivileged):
    project.environment["POLICY_CACHE_DIR"] = "/proc/none"
    result = project("check", prepare=unprivileged)
    assert result.code == 2
    assert "a bundle cannot be kept in" in result.err or "or it is no folder" in result.err
    assert "POLICY_CACHE_DIR" in result.helps[0]
