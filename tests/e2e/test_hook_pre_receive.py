"""The server's hook: real pushes into a bare repository that judges them by what was there before."""

from __future__ import annotations

import os

import pytest

from tests.e2e.hooking import AXOLOTL, BAD, BROKEN, GOOD, RAG_ONLY, SET, STRICT, Worktree, install, make_tools

LAX = {"policy.yaml": f"{SET}gates: {{ci: {{mode: observe}}}}\n"}
LFS = "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 12\n".format("0" * 64)
NOTE = (
    "note: refs/heads/main changes the policy set, which counts once it is there: what was there before has judged it"
)


@pytest.fixture
def clone(tmp_path):
    """An empty clone of a bare repository whose pre-receive hook is the project's."""
    tools = make_tools(tmp_path / "tools")
    server = Worktree(tmp_path / "server.git", tools)
    server.git("init", "--quiet", "--bare", "--initial-branch=main", "--template=", ".")
    install("pre-receive", server.folder / "hooks")
    tree = Worktree(tmp_path / "clone", tools)
    tree.git("init", "--quiet", "--initial-branch=main", "--template=")
    tree.git("remote", "add", "origin", str(server.folder))
    return tree


@pytest.fixture
def server(clone):
    return Worktree(clone.folder.parent / "server.git", clone.folder.parent / "tools")


@pytest.fixture
def strict(clone):
    """One whose main branch only allows retrieval."""
    clone.settle(STRICT)
    assert push(clone).code == 0
    return clone


def push(tree, *references, options=()):
    done = tree.run("git", "push", "--quiet", *options, "origin", *(references or ("main",)))
    # git says what it was told with a prefix, and each refusal in lines of its own.
    lines = [line.removeprefix("remote: ").rstrip() for line in done.said.splitlines()]
    return done._replace(said="\n".join(line for line in lines if line != "remote:"))


def assert_refused(done, *reasons):
    assert done.code == 1
    assert "[remote rejected]" in done.said
    for reason in reasons:
        assert reason in done.said


def assert_quiet(done):
    assert done == (0, "")


def test_a_compliant_push_is_accepted_without_a_word(strict):
    strict.settle({"a/ml-manifest.yaml": GOOD})
    assert_quiet(push(strict))


def test_a_blocked_push_is_refused_with_its_reasons(strict, server):
    before = server.git("rev-parse", "main")
    strict.settle({"a/ml-manifest.yaml": BAD})
    done = push(strict)
    commit = strict.git("rev-parse", "HEAD")[:10]
    assert_refused(done, f"refs/heads/main ({commit}):", "block  bad  a/ml-manifest.yaml", "block[rag-only]")
    assert f"judged by ../main@{before[:10]}/policy.yaml" in done.said
    assert server.git("rev-parse", "main") == before


def test_the_tip_counts_and_not_what_was_mended_on_the_way(strict):
    strict.settle({"a/ml-manifest.yaml": BAD})
    for number in range(50):
        strict.settle({"a/ml-manifest.yaml": GOOD, "notes": str(number)})
    assert_quiet(push(strict))


def test_a_branch_without_projects_is_accepted(clone):
    clone.settle({"README.md": "nothing here", "ci.yaml": "on: push\n"})
    assert_quiet(push(clone, "main", "main:refs/heads/side"))


def test_broken_manifests_are_refused_with_their_positions(strict):
    strict.settle({"a/ml-manifest.yaml": BROKEN, "b/ml-manifest.yaml": "manifest: 1\n  x: y\n"})
    done = push(strict)
    assert_refused(done, "error: a/ml-manifest.yaml:3:1: ", "3 | flavour: sweet", "error: b/ml-manifest.yaml:2:4: ")


def test_a_deleted_branch_holds_nothing_to_judge(strict):
    assert_quiet(push(strict, "main:side"))
    strict.settle({"a/ml-manifest.yaml": BAD})
    assert_quiet(push(strict, ":side"))


@pytest.mark.parametrize("name", ["with space", "a:b", 'quote"d', "schön"])
def test_a_server_in_a_folder_of_any_name(strict, server, name):
    moved = server.folder.rename(server.folder.parent / f"{name}.git")
    strict.git("remote", "set-url", "origin", str(moved))
    strict.settle({"a/ml-manifest.yaml": GOOD})
    assert_quiet(push(strict))
    strict.settle({"a/ml-manifest.yaml": BAD})
    assert_refused(push(strict), "block[rag-only]")


WAIVERS = """\
waivers: 1
entries:
  - {policy: rag-only, subject: bad, reason: it moves in January, owner: ml, requested_by: jan,
     requested_on: 2020-01-01, approved_by: maria, approved_on: 2020-01-01, expires: 2199-01-01}
"""
WAIVING = f"{SET}waivers: [waivers.yaml]\nwaiver_rules: {{longest: 100000d, approvers: {{default: [maria]}}}}\n"


def test_a_waiver_counts_once_it_is_there(strict):
    strict.settle({"policy.yaml": WAIVING, "waivers.yaml": "waivers: 1\nentries: []\n"})
    assert push(strict).code == 0
    strict.settle({"a/ml-manifest.yaml": BAD, "waivers.yaml": WAIVERS})
    assert_refused(push(strict), "block[rag-only]", "changes the policy set")
    strict.git("rm", "--quiet", "a/ml-manifest.yaml")
    strict.settle({})
    assert push(strict).code == 0
    strict.settle({"a/ml-manifest.yaml": BAD})
    assert push(strict).code == 0
    strict.settle({"b/ml-manifest.yaml": BAD.replace("bad", "other")})
    assert_refused(push(strict), "block  other  b/ml-manifest.yaml")


def test_a_new_branch_is_judged_by_the_default_branch(strict):
    strict.settle({**LAX, "a/ml-manifest.yaml": BAD})
    done = push(strict, "main:refs/heads/side")
    assert_refused(done, "refs/heads/side (", "block[rag-only]", "judged by ../main@")


def test_a_branch_is_judged_by_what_it_was(strict):
    strict.settle(LAX)
    done = push(strict, "main:refs/heads/side")
    assert done.code == 0
    strict.settle({"a/ml-manifest.yaml": BAD})
    done = push(strict, "main:refs/heads/side")
    assert done.code == 0
    # What a branch allows itself is worth nothing on another one.
    assert_refused(push(strict), "block[rag-only]")


def test_a_push_does_not_choose_its_judge(strict):
    for change in (
        LAX,
        {"policies/own/rag-only.yaml": RAG_ONLY.replace("block", "flag")},
        {"policies/own/rag-only.yaml": None, "policy.yaml": "policy_set: 1\npolicies: [catalogue]\n"},
        {"policy.yaml": None, "pyproject.toml": "[tool.policy]\npolicy_set = 1\ngates = {ci = {mode = 'observe'}}\n"},
    ):
        strict.settle({**change, "a/ml-manifest.yaml": BAD})
        assert_refused(
            push(strict),
            "block[rag-only]",
            NOTE,
        )
        strict.git("reset", "--quiet", "--hard", "origin/main")


def test_a_change_of_the_policies_counts_once_it_is_there(strict):
    strict.settle(LAX)
    done = push(strict)
    assert done.code == 0
    assert done.said == (NOTE)
    strict.settle({"a/ml-manifest.yaml": BAD})
    done = push(strict)
    assert done.code == 0


def test_a_push_cannot_bring_a_policy_set_to_where_there_is_none(clone):
    clone.settle({"README.md": ""})
    assert_quiet(push(clone))
    clone.settle({**LAX, "policies/own/rag-only.yaml": RAG_ONLY, "a/ml-manifest.yaml": AGENT})
    done = push(clone)
    assert_refused(done, "block[", "judged by ../main@", "changes the policy set")
    assert "rag-only" not in done.said


# Blocked at the gate ci by the catalogue itself.
AGENT = "manifest: 1\nproject: prices\napproach: fine-tuning\npurpose: [knowledge]\nneeds: {knowledge: true}\n"


def test_the_first_push_is_judged_by_the_catalogue(clone):
    clone.settle({**LAX, "policies/own/rag-only.yaml": RAG_ONLY, "a/ml-manifest.yaml": AGENT})
    assert_refused(push(clone), "block[", "judged by ../the-catalogue/policy.yaml")


def test_a_broken_policy_set_does_not_get_in(strict):
    # Once it is there, nothing could be judged any more.
    strict.settle({"policy.yaml": f"{SET}modus: x\n"})
    assert_refused(push(strict), "error: policy.yaml:3:1: there is no key `modus`")
    strict.git("reset", "--quiet", "--hard", "origin/main")
    strict.settle({"policies/own/new.yaml": "policy: new\ntitle: New\nrequire: {data.rowz: 1}\n"})
    assert_refused(push(strict), "error: policies/own/new.yaml:3:", "data.rows")


def test_a_broken_base_refuses_everything_until_an_administrator_helps(strict, server):
    hook = server.folder / "hooks/pre-receive"
    text = hook.read_text()
    hook.unlink()
    strict.settle({"policy.yaml": "policy_set: 2\n"})
    assert_quiet(push(strict))
    hook.write_text(text)
    hook.chmod(0o755)
    strict.settle({"policy.yaml": SET})
    assert_refused(push(strict), "policy.yaml:1:13: the policy set's format is `2`")
    server.write({"pinned/policy.yaml": SET, "pinned/policies/own/rag-only.yaml": RAG_ONLY})
    hook.write_text(text.replace("hook pre-receive", "hook pre-receive --config pinned/policy.yaml"))
    assert_quiet(push(strict))
    strict.settle({**LAX, "a/ml-manifest.yaml": BAD})
    assert_refused(push(strict), "block[rag-only]")


def test_plugins_of_a_push_are_not_imported(strict, tmp_path):
    mark = tmp_path / "imported"
    plugin = f"open({str(mark)!r}, 'w')\n"
    elsewhere = Worktree(tmp_path / "installed", tmp_path / "tools")
    elsewhere.write({"acme_policy.py": plugin})
    strict.settle({"policy.yaml": f"{SET}plugins: [acme_policy, evil]\n", "evil.py": plugin, "yaml.py": plugin})
    strict.environment["PYTHONPATH"] += f"{os.pathsep}{elsewhere.folder}"
    done = push(strict)
    assert done.code == 0
    assert "refs/heads/main changes the policy set" in done.said
    assert not mark.exists()


def test_a_forced_push_is_judged_by_what_it_replaces(strict):
    strict.settle({"a/ml-manifest.yaml": GOOD})
    assert_quiet(push(strict))
    strict.git("checkout", "--quiet", "--orphan", "fresh")
    strict.settle({**LAX, "a/ml-manifest.yaml": BAD})
    assert_refused(push(strict, "fresh:main", options=("--force",)), "block[rag-only]")
    strict.settle({"a/ml-manifest.yaml": GOOD})
    assert push(strict, "fresh:main", options=("--force",)).code == 0


def test_tags_are_judged_by_the_default_branch(strict):
    strict.settle({**LAX, "a/ml-manifest.yaml": BAD})
    strict.git("tag", "plain")
    strict.git("tag", "--annotate", "--message=x", "noted")
    strict.git("tag", "--annotate", "--message=x", "twice", "noted")
    for tag in ("plain", "noted", "twice"):
        assert_refused(push(strict, tag), f"refs/tags/{tag} (", "block[rag-only]", "judged by ../main@")


def test_a_tag_of_something_else(strict):
    strict.settle({"a/ml-manifest.yaml": BAD})
    strict.git("tag", "file", "HEAD:policy.yaml")
    done = push(strict, "file")
    assert done.code == 0
    assert "warning: refs/tags/file is a blob and holds no files: nothing of it is judged" in done.said
    strict.git("tag", "folder", "HEAD^{tree}")
    assert_refused(push(strict, "folder"), "block[rag-only]")


def test_references_of_other_kinds_are_judged_too(strict):
    strict.settle({"a/ml-manifest.yaml": BAD})
    assert_refused(push(strict, "HEAD:refs/hidden/x"), "block[rag-only]")
    strict.git("notes", "add", "--message=a note")
    assert_quiet(push(strict, "refs/notes/commits"))


def test_one_bad_reference_refuses_the_push_and_all_are_said(strict, server):
    strict.settle({"a/ml-manifest.yaml": GOOD})
    good = strict.git("rev-parse", "HEAD").strip()
    strict.settle({"a/ml-manifest.yaml": BAD})
    bad = strict.git("rev-parse", "HEAD").strip()
    strict.settle({"a/ml-manifest.yaml": BROKEN})
    references = [f"{good}:refs/heads/x", f"{bad}:refs/heads/y", f"{bad}:refs/heads/z", "HEAD:refs/heads/broken"]
    done = push(strict, *references)
    assert_refused(done, f"refs/heads/y, refs/heads/z ({bad[:10]}):", "3 | flavour: sweet")
    assert done.said.count("block[rag-only]") == 1
    assert server.git("for-each-ref", "--format=%(refname)") == "refs/heads/main\n"


def test_more_tips_than_anybody_waits_for(strict):
    commits = []
    for number in range(101):
        strict.settle({"x": str(number)})
        commits.append(strict.git("rev-parse", "HEAD").strip())
    done = push(strict, *(f"{commit}:refs/heads/b{number}" for number, commit in enumerate(commits)))
    assert_refused(done, "101 commits are the tips of this push, and no more than 100 are judged at once")
    # One commit for many names is one.
    assert_quiet(push(strict, *(f"HEAD:refs/heads/b{number}" for number in range(101))))


def test_two_thousand_commits_are_one_tip(strict):
    lines = ["reset refs/heads/many", f"from {strict.git('rev-parse', 'HEAD').strip()}"]
    for number in range(2000):
        text = BAD if number == 1000 else GOOD
        lines += [f"commit refs/heads/many\ncommitter a <a@example.com> {number} +0000\ndata 1\nx"]
        lines += [f"M 644 inline a/ml-manifest.yaml\ndata {len(text)}\n{text}"]
    strict.write({"../stream": "\n".join(lines) + "\n"})
    assert strict.run("sh", "-c", "git fast-import --quiet < ../stream").code == 0
    assert_quiet(push(strict, "many:main"))


def test_files_that_git_is_told_not_to_export_are_judged(strict):
    strict.write({".gitattributes": "* export-ignore\n", ".gitignore": "*\n", "a/ml-manifest.yaml": BAD})
    strict.git("add", "--all", "--force")
    strict.settle({})
    assert_refused(push(strict), "block  bad  a/ml-manifest.yaml")


def test_filters_that_the_server_knows_are_not_run_for_a_push(strict, server, tmp_path):
    mark = tmp_path / "run"
    for name in ("smudge", "process", "clean"):
        server.git("config", f"filter.lfs.{name}", f"touch '{mark}'; cat")
    server.git("config", "filter.lfs.required", "true")
    sources = "data: {sources: [{path: data/train.jsonl, split: train}]}\n"
    files = {".gitattributes": "* filter=lfs ident text eol=crlf\n", "data/train.jsonl": LFS}
    strict.settle({**files, "ml-manifest.yaml": GOOD + sources})
    done = push(strict)
    assert done.code == 0
    assert not mark.exists()
    strict.settle({"ml-manifest.yaml": BAD + sources})
    assert_refused(push(strict), "block[rag-only]")
    assert not mark.exists()


def test_hooks_and_settings_in_the_pushed_files_do_nothing(strict, tmp_path):
    mark = tmp_path / "run"
    script = f"#!/bin/sh\ntouch '{mark}'\n"
    files = {"hooks/post-checkout": script, "hooks/post-index-change": script, "config": "[core]\nbare = true\n"}
    strict.settle({**files, ".gitmodules": f'[submodule "x"]\n\tpath = x\n\turl = ext::{mark}\n', "HEAD": "x"})
    assert_quiet(push(strict))
    assert not mark.exists()


def test_a_replacement_replaces_nothing(strict):
    strict.settle({"a/ml-manifest.yaml": GOOD})
    good = strict.git("rev-parse", "HEAD").strip()
    strict.settle({"a/ml-manifest.yaml": BAD})
    bad = strict.git("rev-parse", "HEAD").strip()
    assert_quiet(push(strict, f"{good}:refs/replace/{bad}"))
    assert_refused(push(strict), "block[rag-only]")


@pytest.mark.parametrize("target", ["/etc/passwd", "../../../../../../../etc/passwd", "/dev/zero", "/nowhere", "self"])
def test_links_lead_nowhere_outside(target, strict):
    (strict.folder / "a").mkdir()
    for name in ("ml-manifest.yaml", "axolotl.yaml", "data.jsonl"):
        os.symlink(name if target == "self" else target, strict.folder / "a" / name)
    strict.settle({"b/ml-manifest.yaml": f"{GOOD}data: {{sources: [{{path: ../a/data.jsonl, split: train}}]}}\n"})
    done = push(strict)
    assert_refused(done, "a/ml-manifest.yaml:1:1: ")
    assert "root:" not in done.said


@pytest.mark.parametrize(
    "policies",
    [
        {"policy.yaml": "policy_set: 1\npolicies: [/etc/passwd]\n"},
        {"policy.yaml": "policy_set: 1\npolicies: [../../../../../../../../../etc/passwd]\n"},
        {"policy.yaml": "policy_set: 1\nextends: [/etc/passwd]\n"},
    ],
)
def test_a_policy_set_tells_nothing_of_the_server(policies, strict):
    strict.settle(policies)
    done = push(strict)
    assert_refused(done)
    assert "root:" not in done.said


@pytest.mark.parametrize("place", ["policy.yaml", "policies/own/rag-only.yaml", "policies"])
def test_a_policy_set_that_is_a_link_out_of_the_repository_is_refused(place, strict, tmp_path):
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret/own.yaml").write_text("password: hunter2\n")
    strict.git("rm", "-r", "--quiet", place)
    (strict.folder / place).parent.mkdir(parents=True, exist_ok=True)
    os.symlink(tmp_path / "secret" / ("own.yaml" if place.endswith(".yaml") else ""), strict.folder / place)
    strict.settle({})
    done = push(strict)
    assert_refused(done, f"error: {place}:1:1: this link leads out of the repository")
    assert "hunter2" not in done.said


def test_a_link_out_of_the_repository_is_not_followed_from_another_layer(strict, tmp_path):
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret/own.yaml").write_text("password: hunter2\n")
    os.symlink(tmp_path / "secret", strict.folder / "rules")
    layers = {"policy.yaml": "policy_set: 1\nextends: [org/policy.yaml]\n"}
    strict.settle({**layers, "org/policy.yaml": "policy_set: 1\npolicies: [../rules]\n"})
    done = push(strict)
    assert_refused(done, "error: rules:1:1: this link leads out of the repository")
    assert "hunter2" not in done.said


def test_data_may_be_a_link_out_of_the_repository(strict):
    os.symlink("/mnt/data", strict.folder / "data")
    strict.settle({"policy.yaml": f"{SET}name: volatile-data\n"})
    assert push(strict).code == 0
    strict.settle({"a/ml-manifest.yaml": GOOD, "policy.yaml": f"{SET}name: other-data\n"})
    assert push(strict).code == 0


def test_a_policy_set_may_link_inside(strict):
    strict.git("mv", "policies", "rules")
    os.symlink("rules", strict.folder / "policies")
    strict.settle({})
    assert push(strict).code == 0
    strict.settle({"a/ml-manifest.yaml": BAD})
    assert_refused(push(strict), "block[rag-only]")


@pytest.mark.parametrize(
    "name", ["with space", "schön", "tab\tin", 'quote"d', "[a-z]*", "-n", "a\nb", "CON", "x" * 250]
)
def test_any_name_will_do(name, strict):
    strict.settle({f"{name}/ml-manifest.yaml": BAD})
    assert_refused(push(strict), "block  bad  ")


def test_names_that_only_differ_in_case(strict):
    strict.settle({"A/ml-manifest.yaml": GOOD, "a/ml-manifest.yaml": BAD, "a/ML-MANIFEST.YAML": GOOD})
    if not (strict.folder / "a/ML-MANIFEST.YAML").exists():
        pytest.skip("names are the same in either case here")
    assert_refused(push(strict), "block  bad  a/ml-manifest.yaml")


@pytest.mark.parametrize("path", [".git/x.yaml", ".GIT/x.yaml", "../b.yaml", "a/../../b.yaml", "a/./b.yaml"])
def test_names_that_no_file_may_have_are_refused(path, strict):
    # git itself lets nobody make them: the tree is written by hand.
    folder, _, name = path.rpartition("/")
    blob = strict.git("hash-object", "-w", "policy.yaml").strip()
    entry = f"100644 {name}\\000"
    binary = "".join(f"\\{int(blob[at : at + 2], 16):03o}" for at in range(0, 40, 2))
    make = "git hash-object -t tree -w --literally --stdin"
    tree = strict.run("sh", "-c", f"printf '{entry}{binary}' | {make}").said.strip()
    for part in reversed(folder.split("/")):
        binary = "".join(f"\\{int(tree[at : at + 2], 16):03o}" for at in range(0, 40, 2))
        tree = strict.run("sh", "-c", f"printf '40000 {part}\\000{binary}' | {make}").said.strip()
    commit = strict.git("commit-tree", "-m", "x", tree).strip()
    assert_refused(push(strict, f"{commit}:refs/heads/odd"), "error: git cannot say what to judge: ")


def test_a_file_and_a_link_of_one_name_are_refused(strict, tmp_path):
    # The file would be written through the link.
    link = strict.run("sh", "-c", f"printf '{tmp_path}' | git hash-object -w --stdin").said.strip()
    blob = strict.git("hash-object", "-w", "policy.yaml").strip()
    inner = strict.run("sh", "-c", f"printf '100644 blob {blob}\\tevil.yaml\\n' | git mktree").said.strip()
    lines = f"120000 blob {link}\\ta\\n040000 tree {inner}\\ta\\n"
    tree = strict.run("sh", "-c", f"printf '{lines}' | git mktree").said.strip()
    commit = strict.git("commit-tree", "-m", "x", tree).strip()
    assert push(strict, f"{commit}:refs/heads/odd").code == 1
    assert not (tmp_path / "evil.yaml").exists()


def test_a_tree_that_is_too_large_is_refused(strict):
    # One content under many names: little in the repository, and more than a GB beside it.
    (strict.folder / "big").write_bytes(bytes(40 << 20))
    big = strict.git("hash-object", "-w", "big").strip()
    small = strict.git("hash-object", "-w", "policy.yaml").strip()
    names = "".join(f"100644 blob {big}\\tbig{number}\\n" for number in range(27))
    tree = strict.run("sh", "-c", f"printf '{names}100644 blob {small}\\tx.yaml\\n' | git mktree").said.strip()
    commit = strict.git("commit-tree", "-m", "x", tree).strip()
    done = push(strict, f"{commit}:refs/heads/large")
    assert_refused(done, "the files to judge take 1,132,466,176 bytes, and no more than 1,073,741,824 are written out")


def test_a_submodule_is_left_out(strict):
    inner = Worktree(strict.folder / "inner", strict.folder.parent / "tools")
    inner.git("init", "--quiet", "--template=")
    inner.settle({"ml-manifest.yaml": BAD})
    strict.settle({"a/ml-manifest.yaml": GOOD})
    assert "160000" in strict.git("ls-tree", "HEAD")
    assert_quiet(push(strict))


def test_a_gate_without_policies_refuses(strict):
    strict.settle({"policies/own/rag-only.yaml": RAG_ONLY.replace("default", "commit")})
    assert push(strict).code == 0
    strict.settle({"a/ml-manifest.yaml": GOOD})
    assert_refused(push(strict), "error: no policy is judged at the gate `ci`")


def test_flags_are_shown_and_accepted(strict):
    strict.settle({"policies/own/rag-only.yaml": RAG_ONLY.replace("block", "flag")})
    assert push(strict).code == 0
    strict.settle({"a/ml-manifest.yaml": BAD})
    done = push(strict)
    assert done.code == 0
    assert "flag[rag-only]" in done.said


def test_an_uncovered_training_config_is_a_project_too(strict):
    strict.settle({"a/axolotl.yaml": AXOLOTL})
    assert_refused(push(strict), "block  a/axolotl.yaml  a/axolotl.yaml  (no manifest)")


def test_without_the_command_the_push_is_refused(strict):
    (strict.folder.parent / "tools/policy").unlink()
    strict.settle({"x": "y"})
    done = strict.run("git", "push", "--quiet", "origin", "main", PATH=os.defpath)
    assert done.code == 1
    assert "pre-receive hook declined" in done.said


@pytest.mark.parametrize("line", ["", "x y", "x y z", "0 0 refs/heads/main", f"{'0' * 40} {'1' * 40} refs/heads/main"])
def test_what_git_would_not_say_is_refused(line, server):
    done = server.run("sh", "-c", f"echo '{line}' | policy hook pre-receive")
    assert done.code == 2
    assert done.said.startswith("error: ")


def test_a_reference_whose_name_is_odd(strict):
    strict.settle({"a/ml-manifest.yaml": BAD})
    done = push(strict, os.fsdecode(b"HEAD:refs/heads/\xff"), "HEAD:refs/heads/\u202eniam")
    assert_refused(done, "block[rag-only]")
    said = done.said.split("\nTo ")[0]
    assert "(" in said
    assert "\u202e" not in said


def test_nothing_is_left_behind(strict, tmp_path):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    strict.environment["TMPDIR"] = str(temporary)
    strict.settle({"a/ml-manifest.yaml": BAD, "b/ml-manifest.yaml": BROKEN})
    assert_refused(push(strict))
    assert list(temporary.iterdir()) == []
