"""Data files that are missing, broken or not what they should be: said once, never waited for, never a pass."""

from __future__ import annotations

import json
import os
import stat

import pytest

SOURCE = "    - {{path: {path}, license: cc0-1.0, split: train}}\n"
MANIFEST = "manifest: 1\nproject: bad\napproach: fine-tuning\ndata:\n  sources:\n"
ROWS = '{"text": "a"}\n'
INSIDE = "name a file inside the repository, relative to the manifest"


def write_manifest(*paths: str) -> str:
    return MANIFEST + "".join(SOURCE.format(path=path) for path in paths)


def get_outcomes(policy, project: str) -> dict[str, str]:
    decisions = json.loads(policy("check", "--output", "json").out)["decisions"]
    decision = next(decision for decision in decisions if decision["project"] == project)
    return {outcome["policy"]: outcome["outcome"] for outcome in decision["outcomes"]}


def assert_rows_are_unknown(policy) -> None:
    outcomes = get_outcomes(policy, "bad")
    assert outcomes["too-few-examples"] == "unknown"
    assert outcomes["few-examples"] == "unknown"


def test_a_missing_file_is_a_warning_and_its_rows_are_unknown(beside_good, policy):
    result = beside_good({"ml-manifest.yaml": write_manifest("data/train.jsonl")})
    assert result.headlines == ["warning: bad/ml-manifest.yaml:6:14: `bad/data/train.jsonl` does not exist"]
    assert result.helps == ["check the path, or fetch the file"]
    assert "block  bad  bad/ml-manifest.yaml" in result.out
    assert result.code == 1
    assert_rows_are_unknown(policy)


@pytest.mark.parametrize("path", ["../../other/train.jsonl", "/etc/passwd", "/dev/stdin", "../.."])
def test_a_path_out_of_the_repository_is_refused(path, beside_good):
    result = beside_good({"ml-manifest.yaml": write_manifest(path)})
    shown = f"`data.sources[].path` leads out of the repository: {path}"
    assert result.headlines == [f"error: bad/ml-manifest.yaml:6:14: {shown}"]
    assert result.helps == [INSIDE]
    assert result.code == 2


def test_a_link_out_of_the_repository_is_not_followed(beside_good, tmp_path, policy):
    secret = tmp_path.with_name(f"{tmp_path.name}-outside")
    secret.write_text(ROWS * 5)
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad/train.jsonl").symlink_to(secret)
    result = beside_good({"ml-manifest.yaml": write_manifest("train.jsonl")})
    message = "`bad/train.jsonl` leads outside the repository by a symbolic link"
    assert result.headlines == [f"error: bad/ml-manifest.yaml:6:14: {message}"]
    assert result.helps == ["replace the link by the file, or name another file"]
    assert result.code == 2
    assert_rows_are_unknown(policy)


def test_a_folder_is_no_file(beside_good, policy):
    result = beside_good({"ml-manifest.yaml": write_manifest("data"), "data/train.jsonl": ROWS})
    assert result.headlines == ["error: bad/ml-manifest.yaml:6:14: `bad/data` is a folder, not a file"]
    assert result.helps == ["name a file"]
    assert result.code == 2
    assert_rows_are_unknown(policy)


def test_a_pipe_is_not_waited_for(beside_good, tmp_path, policy):
    if not hasattr(os, "mkfifo"):
        pytest.skip("no named pipes on this system")
    (tmp_path / "bad").mkdir()
    os.mkfifo(tmp_path / "bad/train.jsonl")
    result = beside_good({"ml-manifest.yaml": write_manifest("train.jsonl")})
    message = "`bad/train.jsonl` is a pipe, socket or device, not a file"
    assert result.headlines == [f"error: bad/ml-manifest.yaml:6:14: {message}"]
    assert result.helps == ["name a regular file"]
    assert result.code == 2
    assert_rows_are_unknown(policy)


def test_a_device_is_not_read(beside_good, tmp_path):
    (tmp_path / "bad").mkdir()
    try:
        # The one that gives zero bytes without end.
        os.mknod(tmp_path / "bad/train.jsonl", stat.S_IFCHR | 0o444, os.makedev(1, 5))
    except (AttributeError, OSError):
        pytest.skip("only root can make a device, and not everywhere")
    result = beside_good({"ml-manifest.yaml": write_manifest("train.jsonl")})
    message = "`bad/train.jsonl` is a pipe, socket or device, not a file"
    assert result.headlines == [f"error: bad/ml-manifest.yaml:6:14: {message}"]
    assert result.code == 2


def test_a_file_that_may_not_be_read_is_a_warning(beside_good, tmp_path, unprivileged):
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad/train.jsonl").touch(mode=0)
    result = beside_good({"ml-manifest.yaml": write_manifest("train.jsonl")}, prepare=unprivileged)
    assert result.headlines == ["warning: bad/ml-manifest.yaml:6:14: `bad/train.jsonl` may not be read"]
    assert result.helps == ["give the user who runs this permission to read it"]
    assert result.code == 1


BROKEN = {
    "not a value": (ROWS * 2 + '{"text": nope}\n' + ROWS, "3:10: line 3 is not one JSON value"),
    "cut off": (ROWS * 4 + '{"text": "a', "5:10: line 5 is not one JSON value"),
    "two values": (ROWS + "{} {}\n", "2:4: line 2 is not one JSON value"),
    "not text": (ROWS.encode() + b'{"text": "\xff"}\n', "2:11: line 2 is not one JSON value"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_line_is_named_and_nothing_of_it_is_quoted(name, beside_good, policy):
    content, message = BROKEN[name]
    result = beside_good({"ml-manifest.yaml": write_manifest("train.jsonl"), "train.jsonl": content})
    (headline,) = result.headlines
    assert headline.startswith(f"error: bad/train.jsonl:{message}")
    assert result.helps == ["correct the file; until then its rows are not observed"]
    assert len(result.err.splitlines()) == 2
    assert result.code == 2
    assert_rows_are_unknown(policy)


def test_every_source_is_reported_not_the_first(beside_good):
    result = beside_good({"ml-manifest.yaml": write_manifest("a.jsonl", "b.jsonl", "a.jsonl")})
    assert result.headlines == [
        "warning: bad/ml-manifest.yaml:6:14: `bad/a.jsonl` does not exist",
        "warning: bad/ml-manifest.yaml:7:14: `bad/b.jsonl` does not exist",
        "warning: bad/ml-manifest.yaml:8:14: `bad/a.jsonl` does not exist",
    ]
