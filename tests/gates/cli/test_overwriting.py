"""No report of any command takes the place of what a run reads or writes, under whatever name."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from policy.gates.cli.main import main
from policy.records.checkpoints import join_log
from tests.gates.cli.conftest import write_policy
from tests.records.test_checkpoints import make_note

MANIFEST = "manifest: 1\nproject: search\napproach: rag\nowner: {team: search-ml}\n"
SET = """\
policy_set: 1
extends: [base/common.yaml]
policies: [catalogue:data, rules]
waivers: [waivers.yaml]
ledger: {url: 'sqlite:///ledger.db', spool: waiting}
"""
RULE = write_policy("has-team", "require: {owner.team: {equals: search-ml}}\neffect: {default: flag}\n")
KEY = "PRIVATE+KEY+tunegate/a/b+0a1b2c3d+AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUm\n"
FILES = {
    "policy.yaml": SET,
    "base/common.yaml": "policy_set: 1\npolicies: []\n",
    "rules/has-team.yaml": RULE,
    "waivers.yaml": "waivers: 1\nentries: []\n",
    "strict/policy.yaml": "policy_set: 1\n",
    "a/ml-manifest.yaml": MANIFEST,
    "a/train.yaml": "base_model: a/b\nmicro_batch_size: 1\ndatasets: []\n",
    "ledger.key": KEY,
    "server.pem": "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1r\n",
    "checkpoints.txt": join_log([make_note(3), make_note(12)]),
    "keys.txt": "tunegate/a/b+0a1b2c3d+AbuRz+F9jTIfmTvWn7IVhe9uKLG8Cr1CDcSXzWNRWh9l\n",
    "waiting": "the decisions that wait",
    "waiting.2.taken": "and those that are being recorded",
}
OURS = (
    "policy.yaml",
    "base/common.yaml",
    "rules/has-team.yaml",
    "waivers.yaml",
    "ledger.db",
    "ledger.db-wal",
    "ledger.db-shm",
    "waiting",
    "waiting.2.taken",
    "a/ml-manifest.yaml",
)
SHOWN = ("ledger.key", "server.pem", "checkpoints.txt", "keys.txt")
COMMANDS = {
    "check": "check --gate ci -o {form}={path}",
    "advise": "advise a -o {form}={path}",
    "evidence": "evidence a -o {form}={path}",
    "diff": "diff strict . -o {form}={path}",
    "preview": "preview strict --since 2020-01-01 -o {form}={path}",
    "report": "report -o {form}={path}",
    "report of manifests": "report a -o {form}={path}",
    "baseline": "baseline --gate ci --file {path}",
}


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A repository whose decisions are recorded, with everything that there may be beside it."""
    root = tmp_path_factory.mktemp("kept")
    for name, content in FILES.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(content)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        waiting = {name: (root / name).rename(root / f"{name}-aside") for name in ("waiting", "waiting.2.taken")}
        assert main(["check", "--gate", "ci"]) == 0
        for name, aside in waiting.items():
            aside.rename(root / name)
    for ending in ("-wal", "-shm"):
        (root / f"ledger.db{ending}").touch()
    return root


@pytest.fixture
def root(kept, tmp_path):
    shutil.copytree(kept, tmp_path, dirs_exist_ok=True)
    return tmp_path


def read_all(root):
    # The files beside a database come and go with who opens it.
    names = (name for name in root.rglob("*") if not name.name.endswith(("-wal", "-shm")))
    return {name.relative_to(root): name.read_bytes() for name in names if name.is_file()}


@pytest.mark.parametrize("name", COMMANDS)
def test_nothing_that_a_run_reads_or_writes_is_overwritten(name, root, call):
    before = read_all(root)
    for path in (*OURS, *SHOWN):
        result = call(COMMANDS[name].format(form="json", path=path))
        assert (path, result.code, result.out) == (path, 2, "")
        assert path in result.err
        if name != "baseline":
            # Where a baseline is expected, a file of another kind is refused as none.
            assert f"error: the report would overwrite `{path}`, which " in result.err
            assert "help: name another file" in result.err
        assert read_all(root) == before


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "baseline"])
def test_nor_by_any_other_name_of_it(name, root, call):
    (root / "reports").mkdir()
    (root / "reports" / "link.json").symlink_to("../ledger.db")
    (root / "reports" / "chain.json").symlink_to("link.json")
    os.link(root / "ledger.db", root / "reports" / "hard.json")
    os.link(root / "base" / "common.yaml", root / "reports" / "common.json")
    os.link(root / "a" / "train.yaml", root / "reports" / "train.json")
    named = ["link.json", "chain.json", "hard.json", "common.json", "../ledger.db", "../a/../ledger.db"]
    if "report -o" not in COMMANDS[name] and not name.startswith("preview"):
        named.append("train.json")
    before = read_all(root)
    for path in (*(f"reports/{name}" for name in named), str(root / "ledger.db")):
        result = call(COMMANDS[name].format(form="json", path=path))
        assert (path, result.code, result.out) == (path, 2, "")
        assert f"error: the report would overwrite `{path}`" in result.err
        assert read_all(root) == before


@pytest.mark.usefixtures("root")
@pytest.mark.parametrize("line", ["report --ledger sqlite:///ledger.db", "preview strict --ledger sqlite:///ledger.db"])
def test_a_ledger_that_is_named_and_the_policy_set_beside_it_are_kept(line, call):
    for path in ("ledger.db", "ledger.db-shm", "policy.yaml", "a/ml-manifest.yaml"):
        before = Path(path).read_bytes()
        result = call(f"{line} -o json={path}")
        assert (result.code, Path(path).read_bytes()) == (2, before)
    result = call(f"{line} --config base/common.yaml -o json=base/common.yaml")
    assert "would overwrite `base/common.yaml`" in result.err


def test_nor_where_nothing_can_be_judged(root, call):
    (root / "policy.yaml").write_text(f"{SET}mood: x\n")
    before = read_all(root)
    for path in ("ledger.db", "ledger.key", "checkpoints.txt", "policy.yaml", "a/ml-manifest.yaml"):
        assert call(f"check -o json={path}").code == 2
        assert read_all(root) == before


def test_a_baseline_that_is_compared_with_is_kept(root, call):
    assert call("baseline --gate ci").code == 0
    before = read_all(root)
    result = call("check --gate ci --baseline .policy-baseline.json -o json=.policy-baseline.json")
    assert (result.code, read_all(root)) == (2, before)


def test_reports_take_the_place_of_reports(root, call):
    for name, line in COMMANDS.items():
        path = f"out/{name.replace(' ', '-')}.json"
        (root / "out").mkdir(exist_ok=True)
        for _ in range(2):
            assert call(line.format(form="json", path=path)).code in {0, 1, 3}
        assert (root / path).stat().st_size
