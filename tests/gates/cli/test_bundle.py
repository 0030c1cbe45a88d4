from __future__ import annotations

import gzip
import json
import os
import subprocess
import tarfile

import pytest

from policy.gates.cli.main import main
from policy.loading.bundles.content import digest_files
from tests.gates.cli.conftest import write_policy

ROWS = write_policy(
    "rows",
    "require: {data.rows: {at_least: 5}}\nbecause: Few rows teach little.\nfix: Add rows.\neffect: block\n"
    "cases: [{given: {data.rows: 5}, expect: pass}, {given: {data.rows: 4}, expect: fail},\n"
    "  {given: {}, expect: unknown}]\n",
)
ORG = {"policy.yaml": "policy_set: 1\nname: acme\npolicies: [policies]\n", "policies/one/rows.yaml": ROWS}
DIGEST = digest_files({path: text.encode() for path, text in ORG.items()})
PIN = DIGEST.replace("sha256:", "#sha256=")
MANIFEST = "manifest: 1\nproject: tone\ndata: {rows: 3}\n"
SIZE = sum(map(len, ORG.values()))


@pytest.fixture(autouse=True)
def _store(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("POLICY_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)


@pytest.fixture
def root(plant):
    return plant({**{f"org/{path}": text for path, text in ORG.items()}, "ml-manifest.yaml": MANIFEST})


@pytest.fixture
def origin(root):
    """The folder as a repository; what its first commit is named by."""
    words = ("-c", "user.name=Test", "-c", "user.email=test@example.com", "commit", "--quiet", "--message=first")
    for line in (("init", "--quiet"), ("add", "--all"), words):
        subprocess.run(["git", *line], cwd=root / "org", check=True)
    asked = subprocess.run(["git", "rev-parse", "HEAD"], cwd=root / "org", check=True, capture_output=True, text=True)
    return f"git+file://{root}/org@{asked.stdout.strip()}"


def extend(root, name):
    (root / "policy.yaml").write_text(f"policy_set: 1\nextends: ['{name}']\n")


def test_build_verify_and_check(root, call):
    built = call("bundle build org")
    assert built == (
        0,
        f"wrote org.tar.gz: 2 files, {SIZE} bytes\n\nnext: name it in a policy.yaml, `extends: [./org.tar.gz{PIN}]`\n",
        "",
    )
    verified = call(f"bundle verify org org.tar.gz ./org.tar.gz{PIN}")
    line = f"{DIGEST}  org  2 files, {SIZE} bytes"
    assert verified == (0, f"{line}\n{line}\n{line}  as pinned\n", "")
    extend(root, f"./org.tar.gz{PIN}")
    result = call("check")
    assert result.code == 1
    assert f"required by org@{DIGEST[:19]}/policies/one/rows.yaml:4:" in result.out


def test_the_same_files_give_the_same_archive(root, call):
    call("bundle build org --output a.tar.gz")
    os.utime(root / "org" / "policy.yaml", (1, 1))
    (root / "org" / "policies" / "one" / "rows.yaml").chmod(0o600)
    (root / "org" / ".git").mkdir()
    call("bundle build org -o b.tar.gz")
    assert (root / "a.tar.gz").read_bytes() == (root / "b.tar.gz").read_bytes()
    with tarfile.open(root / "a.tar.gz") as archive:
        assert archive.getnames() == [".policy-bundle.json", "policies/one/rows.yaml", "policy.yaml"]


def test_a_bundle_has_a_name_and_a_version(root, call):
    assert call("bundle build org --name acme --version 1.2 -o out.tar.gz").code == 0
    text = gzip.decompress((root / "out.tar.gz").read_bytes())[512:].partition(b"\0")[0]
    manifest = json.loads(text)
    assert (manifest["name"], manifest["version"], manifest["digest"]) == ("acme", "1.2", DIGEST)


@pytest.mark.parametrize(
    ("files", "line", "message"),
    [
        ({}, "build none", "there is no folder `none`"),
        ({"org/x.yaml": ""}, "build org -o org/org.tar.gz", "lies in the folder that is packed"),
        ({}, "build org -o org.zip", "would not be read as a bundle"),
        ({}, "build org -o none/org.tar.gz", "cannot be written: No such file"),
        ({"empty/x.txt": "x"}, "build empty", "holds neither a policy set nor policies"),
        ({"hid/.x": "x"}, "build hid", "the bundle `hid` holds no files"),
        ({"loose/a/rows.yaml": "policy: rows\n"}, "build loose", "loose/a/rows.yaml:1:1"),
        ({"bad/policy.yaml": "policy_set: 1\nextends: [../org]\n"}, "build bad", "leads out of the bundle"),
        ({"bad/policy.yaml": "policy_set: 2\n"}, "build bad", "the policy set's format is `2`"),
    ],
)
def test_what_is_not_packed(root, plant, call, files, line, message):
    plant(files)
    result = call(f"bundle {line}")
    assert (result.code, result.out) == (2, "")
    assert message in result.err
    assert not list(root.glob("*.tar.gz*"))


def test_a_link_is_not_packed(root, call):
    (root / "org" / "secret").symlink_to("/etc/passwd")
    result = call("bundle build org")
    assert result.code == 2
    assert "error: the bundle `org`: `secret` is a link" in result.err


def test_an_archive_is_there_whole_or_as_it_was(root, call):
    (root / "org.tar.gz").write_text("before")
    (root / "org" / "policy.yaml").write_text("broken")
    assert call("bundle build org").code == 2
    assert (root / "org.tar.gz").read_text() == "before"


def test_only_policies(root, plant, call):
    plant({"loose/one/rows.yaml": ROWS})
    assert call("bundle build loose").code == 0
    digest = digest_files({"one/rows.yaml": ROWS.encode()})
    (root / "policy.yaml").write_text(f"policy_set: 1\npolicies: ['loose.tar.gz#{digest.replace(':', '=')}']\n")
    assert call("check").code == 1
    assert call("lint").out == "1 policy file, 0 errors, 1 warning\n"
    assert call("test").code == 0


def test_verify_says_what_is_not_as_pinned(root, call):
    (root / "org" / "policy.yaml").write_text("policy_set: 1\n")
    result = call(f"bundle verify org{PIN}")
    assert result.code == 1
    assert result.out.endswith("  not as pinned\n")
    assert "error: the content of the bundle `org` is not what it is pinned to: it has sha256:" in result.err


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("none", "there is no `none`"),
        ("ml-manifest.yaml", "`ml-manifest.yaml` is neither a folder nor a .tar.gz file"),
        ("git+https://example.com/x@main", "`main` is no commit"),
        (f"org{PIN}0", "is no digest of a bundle"),
    ],
)
@pytest.mark.usefixtures("root")
def test_verify_what_cannot_be_read(call, target, message):
    result = call(f"bundle verify {target} org{PIN}")
    assert result.code == 2
    assert message in result.err
    assert result.out.endswith("as pinned\n")


def test_fetch_from_git_then_check_without_it(root, origin, call):
    assert call(f"bundle verify {origin}").out == f"{DIGEST}  org  2 files, {SIZE} bytes\n"
    extend(root, f"{origin}{PIN}")
    before = call("check")
    assert before.code == 2
    assert "the bundle `org` is not kept here, and no check fetches anything" in before.err
    assert "  help: run `policy bundle fetch`" in before.err
    assert call("bundle fetch") == (0, f"{DIGEST}  org  2 files, {SIZE} bytes\n", "")
    (root / "org").rename(root / "gone")
    assert call("check").code == 1
    assert call("bundle fetch").code == 0


def test_what_is_fetched_must_be_what_is_pinned(root, origin, call):
    extend(root, f"{origin}#sha256={'0' * 64}")
    for line in ("bundle fetch", "bundle lock"):
        result = call(line)
        assert result.code == 2
        assert "error: policy.yaml:2:11: the content of the bundle `org` is not what it is pinned to" in result.err
    assert not (root / "policy.lock").exists()


def test_lock_then_check(root, origin, call):
    extend(root, f"{origin}{PIN}")
    result = call("bundle lock")
    assert result == (0, f"{DIGEST}  org  2 files, {SIZE} bytes\nwrote policy.lock\n", "")
    lock = (root / "policy.lock").read_text()
    assert f"    commit: {origin[-40:]}\n" in lock
    assert call("bundle lock").code == 0
    assert (root / "policy.lock").read_text() == lock
    assert call("check").code == 1
    (root / "policy.lock").write_text(lock.replace("files: 2", "files: 3"))
    for line in ("check", "bundle fetch"):
        edited = call(line)
        assert edited.code == 2
        assert "error: policy.lock:1:1: the lock file was changed by hand, or merged" in edited.err
        assert "help: run `policy bundle lock`" in edited.err
    extend(root, f"org{PIN}")
    (root / "policy.lock").write_text(lock)
    other = call("check")
    assert other.code == 2
    assert "is locked, and no policy set here names it" in other.err
    assert f"`org{PIN}` is not locked" in other.err


def test_nothing_to_lock(root, call):
    missing = call("bundle lock")
    assert missing.code == 2
    assert "error: there is no policy set here" in missing.err
    (root / "policy.yaml").write_text("policy_set: 1\n")
    assert call("bundle fetch").out == "the policy set names no bundles\n"
    assert call("bundle lock").code == 0
    assert "bundles: []\n" in (root / "policy.lock").read_text()
    assert call("check").err == ""


def test_all_that_is_wrong_is_said_at_once(root, call):
    (root / "policy.yaml").write_text(
        f"policy_set: 1\nextends: ['none{PIN}', x.zip]\npolicies: ['git+https://example.com/x@v1{PIN}']\n"
    )
    result = call("bundle fetch")
    assert result.code == 2
    places = [line.partition(": ")[2].partition(" ")[0] for line in result.err.splitlines() if line.startswith("error")]
    assert places == ["policy.yaml:2:11:", "policy.yaml:2:91:", "policy.yaml:3:12:"]


def test_a_wrong_command_is_set_right(call):
    result = call("bundle verfy x")
    assert result.code == 2
    assert "there is no command `bundle verfy`" in result.err
    assert "write `bundle verify`" in result.err


def test_a_new_policy_set_upon_a_bundle(root, call):
    call("bundle build org")
    assert call(f"set init --extends ./org.tar.gz{PIN}").code == 0
    assert f"./org.tar.gz{PIN}" in (root / "policy.yaml").read_text()
    assert call("check").code == 1


def test_files_of_a_bundle_are_named_alike_from_everywhere(root, plant, monkeypatch, capsys):
    extend(root, f"org{PIN}")
    subprocess.run(["git", "init", "--quiet"], cwd=root, check=True)
    plant({"sub/x.txt": ""})
    monkeypatch.chdir(root / "sub")
    assert main(["set", "show"]) == 0
    assert f"\n  org@{DIGEST[:19]}/policy.yaml\n  ../policy.yaml\n" in capsys.readouterr().out
