"""A command that is called wrongly: exit code 2, what is wrong, and the nearest name."""

from __future__ import annotations

import os

import pytest

from policy.__about__ import __version__
from policy.gates.cli.main import COMMANDS

MANIFEST = "manifest: 1\nproject: a\napproach: rag\nsystem: {risk: minimal}\n"

WRONG = {
    "chek": ("there is no command `chek`", "write `check`"),
    "frobnicate": (
        "there is no command `frobnicate`",
        f"there are {', '.join(sorted(COMMANDS))}",
    ),
    "--versoin": ("`policy` has no option `--versoin`", "write `--version`"),
    "approvals lst": ("there is no command `approvals lst`", "write `approvals list`"),
    "approvals approve": ("`policy approvals approve` needs REQUEST", None),
    "approvals list --serve x": ("`policy approvals list` has no option `--serve`", "write `--server`"),
    "approvals list --server example.com": (
        "`--server` is no http or https address",
        "write one such as https://mlflow.example.com",
    ),
    "approvals list": (
        "there is no policy set, which would name a ledger",
        "write a policy.yaml: `policy_set: 1`, `name: …` and `ledger: sqlite:///ledger.db`",
    ),
    "report --output pdf": ("there is no format `pdf`", None),
    "report --output csv:chian": ("there is no table `chian`", "write `chain`"),
    "report --since soon": ("`--since`: `soon` is neither a time nor a length", None),
    "report": (
        "there is no policy set, which would name a ledger",
        (
            "write a policy.yaml: `policy_set: 1`, `name: …` and `ledger: sqlite:///ledger.db`"
            ", or name one with `--ledger`, or folders whose projects are judged now"
        ),
    ),
    "runs lst": ("there is no command `runs lst`", "write `runs list`"),
    "runs list --state hold": ("there is no state `hold`", "write `held`"),
    "runs list": ("there is no policy set, which would name a ledger", None),
    "runs compare": ("`policy runs compare` needs URL", None),
    "runs compare sqlite:///mlflow.db": (
        "URL is no http or https address",
        "write one such as https://mlflow.example.com",
    ),
    "runs compare http://127.0.0.1:9": (
        "the policy set has no section `mlflow`, so no experiment is governed and nothing can be compared",
        "name the policy set of the server with `--config`",
    ),
    "run": ("`policy run` needs -- COMMAND [ARGUMENT]...", None),
    "run -- no-such-program": (
        "there is no command `no-such-program` that could be run",
        "write `policy run -- COMMAND`, with a program on the PATH or its path",
    ),
    "ledger key spool": (
        "`policy ledger key spool` needs `--key`",
        "`policy ledger key spool --help` says how it is called",
    ),
    "ledger catch-up": (
        "there is no policy set, which would name a ledger",
        "write a policy.yaml: `policy_set: 1`, `name: …` and `ledger: sqlite:///ledger.db`",
    ),
    "ledger key new": ("`policy ledger key new` needs `--key`", "`policy ledger key new --help` says how it is called"),
    "check --gat ci": ("`policy check` has no option `--gat`", "write `--gate`"),
    "check --gate comit": ("there is no gate `comit`", "write `commit`"),
    "check --gate nightly": ("there is no gate `nightly`", "there are check, commit, ci, run, release"),
    "check --gate": ("`--gate` needs a value", None),
    "check --fail-on blok": ("there is no verdict `blok`", "write `block`"),
    "check --jobs 0": ("`--jobs`: 0 is not in the range 1<=x<=64", None),
    "check --output jsn": ("there is no report format `jsn`", "write `json`"),
    "check --output sarfi=x": ("there is no report format `sarfi`", None),
    "check --output json=": ("`--output json=` names no file", "write --output json=FILE"),
    "check --output text --output json": (
        "two reports go to the same place",
        "give each a file: --output json=report.json",
    ),
    "check --effective-time yesterday": ("`--effective-time`: `yesterday` is not a time", None),
    "check --effective-time 2026-02-30": ("`--effective-time`: `2026-02-30` is not a time", None),
    "check --baseline": ("`--baseline` needs a value", None),
    "check --baselin x": ("`policy check` has no option `--baselin`", "write `--baseline`"),
    "check --gate release --baseline x": (
        "a baseline does not count at the gate `release`: what is known there still needs its approval",
        (
            "a baseline is for the gates check, commit and ci; "
            "here ask for an exception with an end: `policy waive POLICY`"
        ),
    ),
    "check --gate ci --baseline gone.json": (
        "there is no baseline `gone.json`",
        "record one with `policy baseline --gate ci --file gone.json`, or correct the path",
    ),
    "baseline --prun": ("`policy baseline` has no option `--prun`", "write `--prune`"),
    "baseline --prune": (
        "there is no baseline `.policy-baseline.json` to take something out of",
        "record one with `policy baseline --gate check`, or correct the path",
    ),
    "baseline gone": ("there is no `gone`", "name a folder, a manifest or a training config"),
    "check gone": ("there is no `gone`", "name a folder, a manifest or a training config"),
    "advise --output jsn": ("there is no format `jsn` for advice", "write `json`"),
    "advise --gate ci": ("`policy advise` has no option `--gate`", None),
    "advise gone": ("there is no `gone`", "name a folder, a manifest or a training config"),
    "diff": ("`policy diff` needs OLD", None),
    "diff .": ("`policy diff` needs NEW", None),
    "diff . . gone": ("there is no `gone`", "name a folder, a manifest or a training config"),
    "diff . . --output jsn": ("there is no format `jsn`", "write `json`"),
    "diff . . --gate comit": ("there is no gate `comit`", "write `commit`"),
    "evidence gone": ("there is no `gone`", "name a folder, a manifest or a training config"),
    "evidence --output jsn": ("there is no format `jsn`", "write `json`"),
    "evidence --effective-time soon": ("`--effective-time`: `soon` is not a time", None),
    "explain": ("`policy explain` needs POLICY", None),
    "explain few-example": ("there is no policy `few-example`", "write `few-examples`"),
    "explain xyz": ("there is no policy `xyz`", "`policy list` shows what there is"),
    "explain few-examples gone": ("there is no `gone`", None),
    "ledger verfy": ("there is no command `ledger verfy`", "write `ledger verify`"),
    "ledger verify --ledger ledger.db": (
        "the address of the ledger begins with neither `sqlite:///` nor `postgresql://`",
        "write `sqlite:///ledger.db`, or `postgresql://user@host/database`",
    ),
    "ledger verify --ledger sqlite:///gone.db": ("there is no ledger at `sqlite:///gone.db`", None),
    "ledger replay": ("`policy ledger replay` needs ID", None),
    "ledger replay sha256:0 --ledger sqlite:///gone.db": ("there is no ledger in `sqlite:///gone.db`", None),
    "ledger list --last 0": ("`--last`: 0 is not in the range 1<=x<=1000000", None),
    "list --area fine-tunin": ("there is no area `fine-tunin`", "write `fine-tuning`"),
    "list --output jsn": ("there is no format `jsn`", "write `json`"),
    "preview": ("`policy preview` needs NEW_SET", None),
    "preview . --output jsn": ("there is no format `jsn`", "write `json`"),
    "preview . --gate comit": ("there is no gate `comit`", "write `commit`"),
    "preview . --since soon": ("`--since`: `soon` is neither a duration nor a time", None),
    "preview .": ("there is no policy set, which would name a ledger", None),
    "schema manifst": ("there is no kind of schema `manifst`", "write `manifest`"),
    "lint gone": ("there is no `gone`", "name a policy file, or a folder of policies"),
    "version x": ("got unexpected extra argument (x)", "`policy version --help` says how it is called"),
}


@pytest.mark.parametrize("call", WRONG)
def test_one_mistake(call, plant, policy):
    plant({"ml-manifest.yaml": MANIFEST})
    message, remedy = WRONG[call]
    result = policy(*call.split())
    assert result.headlines == [f"error: {message}"]
    assert len(result.helps) == 1
    assert remedy in (None, result.helps[0])
    assert len(result.err.splitlines()) == 2
    assert result.out == ""
    assert result.code == 2


def test_without_a_command_it_says_what_there_is(policy):
    result = policy()
    shown = " ".join((result.err + result.out).split())
    assert all(f"{name} {said}" in shown for name, said in COMMANDS.items())
    assert policy("--help").out.startswith("Usage: policy")
    assert policy("--version").out == f"policy {__version__} (tunegate)\n"


# Where reports go


def test_a_report_that_cannot_be_written_is_refused_before_judging(plant, policy):
    plant({"ml-manifest.yaml": MANIFEST, "folder/x.txt": "", "file": ""})
    for place, message in {
        "gone/x.json": "the report cannot be written to `gone/x.json`: No such file or directory",
        "file/x.json": "the report cannot be written to `file/x.json`: Not a directory",
        "folder": "`folder` is a folder, not a file",
    }.items():
        result = policy("check", "--output", "text", "--output", f"json={place}")
        assert result.headlines == [f"error: {message}"]
        assert result.out == ""
        assert result.code == 2


def test_a_folder_that_is_read_only_is_refused_before_judging(plant, policy, tmp_path, unprivileged):
    plant({"ml-manifest.yaml": MANIFEST})
    tmp_path.chmod(0o555)
    try:
        refused = policy("check", "--output", "json=x.json", "--output", "text", prepare=unprivileged)
        judged = policy("check", prepare=unprivileged)
    finally:
        tmp_path.chmod(0o755)
    assert refused.headlines == ["error: the report cannot be written to `x.json`: Permission denied"]
    assert refused.out == ""
    assert refused.code == 2
    assert judged.code == 0


@pytest.mark.parametrize("other", ["./x.json", "../{}/x.json", "link.json"])
def test_two_reports_in_one_file_are_refused(other, plant, policy, tmp_path):
    plant({"ml-manifest.yaml": MANIFEST})
    (tmp_path / "link.json").symlink_to("x.json")
    result = policy("check", "--output", "json=x.json", "--output", f"text={other.format(tmp_path.name)}")
    assert result.headlines == ["error: two reports go to the same place"]
    assert result.code == 2
    assert not (tmp_path / "x.json").exists()


@pytest.mark.parametrize("file", ["ml-manifest.yaml", "train/config.yaml", "policy.yaml"])
def test_no_report_takes_the_place_of_what_is_judged(file, plant, policy, tmp_path):
    files = {
        "ml-manifest.yaml": MANIFEST,
        "train/config.yaml": "base_model: a/b\nmicro_batch_size: 1\ndatasets: []\n",
        "policy.yaml": "policy_set: 1\n",
    }
    plant(files)
    result = policy("check", "--output", f"json=./{file}")
    assert result.headlines == [f"error: the report would overwrite `./{file}`, which this run reads"]
    assert result.helps == ["name another file"]
    assert (tmp_path / file).read_text() == files[file]
    assert result.code == 2


def test_a_report_that_does_not_fit_leaves_the_old_one(plant, policy, tmp_path):
    plant({"ml-manifest.yaml": MANIFEST, "x.json": "the old one"})

    resource = pytest.importorskip("resource")

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))

    result = policy("check", "--output", "json=x.json", prepare=limit)
    assert result.headlines == ["error: the report cannot be written to `x.json`: File too large"]
    assert result.code == 2
    assert (tmp_path / "x.json").read_text() == "the old one"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ml-manifest.yaml", "x.json"]


def test_a_pipe_is_written_to_and_stays_one(plant, policy, tmp_path):
    plant({"ml-manifest.yaml": MANIFEST})
    pipe = tmp_path / "report"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    result = policy("check", "--output", f"text={pipe}")
    text = os.read(reader, 1 << 16).decode()
    os.close(reader)
    assert text.startswith("allow  a  ml-manifest.yaml")
    assert pipe.is_fifo()
    assert result.code == 0


def test_a_link_stays_a_link(plant, policy, tmp_path):
    plant({"ml-manifest.yaml": MANIFEST, "real/x.json": "old"})
    (tmp_path / "link.json").symlink_to("real/x.json")
    assert policy("check", "--output", "json=link.json").code == 0
    assert (tmp_path / "link.json").is_symlink()
    assert (tmp_path / "real/x.json").read_text().startswith('{"format"')
