"""What may not be read, is something else than a file, or has a name that is no text."""

from __future__ import annotations

import os

import pytest

GOOD = "manifest: 1\nproject: good\napproach: rag\nsystem: {risk: minimal}\n"


def test_what_may_not_be_read_is_said_and_the_rest_is_judged(beside_good, tmp_path, unprivileged):
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad/ml-manifest.yaml").touch(mode=0)
    result = beside_good({}, prepare=unprivileged)
    assert result.headlines == ["error: bad/ml-manifest.yaml:1:1: `bad/ml-manifest.yaml` may not be read"]
    assert result.helps == ["give the user who runs this permission to read it"]
    assert result.code == 2


def test_a_training_config_that_may_not_be_read_is_said(beside_good, tmp_path, unprivileged):
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad/a.yaml").touch(mode=0)
    result = beside_good({}, prepare=unprivileged)
    message = "this file cannot be read, and may be a training config: Permission denied"
    assert result.headlines == [f"error: bad/a.yaml:1:1: {message}"]
    assert result.code == 2


def test_a_folder_that_may_not_be_looked_into_is_said(beside_good, tmp_path, unprivileged):
    (tmp_path / "bad").mkdir(mode=0)
    try:
        result = beside_good({}, prepare=unprivileged)
        alone = beside_good({}, "bad", "good", prepare=unprivileged)
    finally:
        (tmp_path / "bad").chmod(0o755)
    assert result.headlines == ["warning: bad:1:1: the folder cannot be looked into: Permission denied"]
    assert alone.headlines == result.headlines


def plant_link(tmp_path, target: str) -> None:
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad/ml-manifest.yaml").symlink_to(target)


@pytest.mark.parametrize("target", ["/etc/passwd", "/dev/zero"])
def test_a_manifest_that_links_out_of_the_repository(target, beside_good, tmp_path):
    plant_link(tmp_path, target)
    result = beside_good({})
    message = "`bad/ml-manifest.yaml` leads outside the repository by a symbolic link"
    assert result.headlines == [f"error: bad/ml-manifest.yaml:1:1: {message}"]
    assert result.code == 2


def test_a_manifest_that_links_nowhere(beside_good, tmp_path):
    plant_link(tmp_path, "gone.yaml")
    result = beside_good({})
    assert result.headlines == ["error: bad/ml-manifest.yaml:1:1: `bad/ml-manifest.yaml` does not exist"]
    assert result.code == 2


def test_a_pipe_in_place_of_a_manifest_is_not_waited_for(beside_good, tmp_path):
    (tmp_path / "bad").mkdir()
    os.mkfifo(tmp_path / "bad/ml-manifest.yaml")
    result = beside_good({})
    message = "`bad/ml-manifest.yaml` is a pipe, socket or device, not a file"
    assert result.headlines == [f"error: bad/ml-manifest.yaml:1:1: {message}"]
    assert result.code == 2


def test_a_folder_whose_name_is_no_text(beside_good, tmp_path):
    folder = os.fsencode(tmp_path) + b"/w\xff\x1b[31m"
    try:
        os.mkdir(folder)
    except OSError:
        pytest.skip("this file system has text for names only")
    with open(folder + b"/ml-manifest.yaml", "wb") as file:
        file.write(GOOD.encode())
    result = beside_good({})
    assert result.headlines == ["error: w\ufffd\u241b[31m/ml-manifest.yaml:1:1: the name of this file is not UTF-8"]
    assert result.code == 2
