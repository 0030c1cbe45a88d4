"""Files that are written whole or not at all."""

from __future__ import annotations

import os

import pytest

from policy.app.drafts import new_files
from policy.app.drafts.new_files import refuse_existing, write_new_file
from policy.errors import PolicyError


def list_all(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_a_file_with_the_folders_on_the_way(tmp_path):
    write_new_file(str(tmp_path / "a" / "b" / "new.yaml"), "text: é\n")
    assert list_all(tmp_path) == ["a", "a/b", "a/b/new.yaml"]
    assert (tmp_path / "a/b/new.yaml").read_bytes() == "text: é\n".encode()


def test_relative_to_the_working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_new_file("new.yaml", "a\n")
    write_new_file("b/new.yaml", "b\n")
    assert list_all(tmp_path) == ["b", "b/new.yaml", "new.yaml"]


@pytest.mark.parametrize("links", [True, False])
def test_nothing_is_overwritten(tmp_path, monkeypatch, links):
    if not links:
        monkeypatch.setattr(os, "link", refuse_links)
    target = tmp_path / "new.yaml"
    target.write_text("mine")
    with pytest.raises(PolicyError, match="exists and is left as it is"):
        write_new_file(str(target), "yours")
    assert target.read_text() == "mine"
    assert list_all(tmp_path) == ["new.yaml"]


def refuse_links(*_arguments):
    raise PermissionError(1, "Operation not permitted")


def test_a_file_system_without_links_will_do(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "link", refuse_links)
    write_new_file(str(tmp_path / "new.yaml"), "text")
    assert list_all(tmp_path) == ["new.yaml"]


def test_a_link_that_leads_nowhere_is_something_that_exists(tmp_path):
    (tmp_path / "new.yaml").symlink_to("elsewhere.yaml")
    with pytest.raises(PolicyError):
        refuse_existing(str(tmp_path / "new.yaml"), "choose another name")
    with pytest.raises(PolicyError):
        write_new_file(str(tmp_path / "new.yaml"), "text")
    assert list_all(tmp_path) == ["new.yaml"]


@pytest.mark.parametrize("fault", [KeyboardInterrupt, OSError(28, "No space left on device")])
def test_what_goes_wrong_on_the_way_leaves_nothing_behind(tmp_path, monkeypatch, fault):
    def fail(_part, _path):
        raise fault

    monkeypatch.setattr(new_files, "_claim", fail)
    with pytest.raises((KeyboardInterrupt, PolicyError)):
        write_new_file(str(tmp_path / "a" / "b" / "new.yaml"), "text")
    assert list_all(tmp_path) == []


def test_a_file_in_the_place_of_a_folder(tmp_path):
    (tmp_path / "a").write_text("a file")
    with pytest.raises(PolicyError, match="cannot be written: Not a directory"):
        write_new_file(str(tmp_path / "a" / "b" / "new.yaml"), "text")
    assert list_all(tmp_path) == ["a"]
