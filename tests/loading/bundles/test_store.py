from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from threading import Thread

import pytest

from policy.errors import PolicyError
from policy.loading.bundles.content import digest_files
from policy.loading.bundles.store import Kept, find_store
from tests.loading.bundles.conftest import FILES

DIGEST = digest_files(FILES)


@pytest.fixture
def kept():
    made = Kept(find_store(), DIGEST)
    assert not made.verify()
    assert not made.is_there
    made.fill(FILES)
    return made


def test_what_is_kept_is_there_and_whole(kept, store):
    assert kept.verify()
    assert kept.files == FILES
    assert kept.folder == str(store / "bundles" / "sha256" / DIGEST.removeprefix("sha256:"))
    assert os.stat(kept.folder).st_mode & 0o777 == 0o700
    assert os.stat(os.path.join(kept.folder, "policy.yaml")).st_mode & 0o777 == 0o400
    assert os.listdir(os.path.dirname(kept.folder)) == [os.path.basename(kept.folder)]


def change_file(folder):
    os.chmod(os.path.join(folder, "policy.yaml"), 0o600)
    with open(os.path.join(folder, "policy.yaml"), "a") as stream:
        stream.write("\n")


def add_file(folder):
    with open(os.path.join(folder, "more.yaml"), "w") as stream:
        stream.write("\n")


def add_link(folder):
    os.symlink("/etc", os.path.join(folder, "more"))


def remove_file(folder):
    os.unlink(os.path.join(folder, "policy.yaml"))


def empty(folder):
    shutil.rmtree(folder)
    os.mkdir(folder)


def replace_by_file(folder):
    shutil.rmtree(folder)
    with open(folder, "w") as stream:
        stream.write("x")


def replace_by_link(folder):
    shutil.move(folder, f"{folder}-2")
    os.symlink(f"{folder}-2", folder)


@pytest.mark.parametrize(
    "spoil", [change_file, add_file, add_link, remove_file, empty, replace_by_file, replace_by_link]
)
def test_what_was_spoilt_is_noticed_and_replaced(kept, spoil):
    spoil(kept.folder)
    assert not kept.verify()
    assert kept.files == {}
    assert kept.is_there
    kept.fill(FILES)
    assert kept.verify()
    assert not [name for name in os.listdir(os.path.dirname(kept.folder)) if name.startswith(".new")]


def test_it_can_be_deleted_at_any_time(kept, store):
    shutil.rmtree(store / "bundles")
    assert not kept.verify()
    kept.fill(FILES)
    assert kept.verify()


def test_several_at_once():
    threads = [Thread(target=Kept(find_store(), DIGEST).fill, args=(FILES,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept = Kept(find_store(), DIGEST)
    assert kept.verify()
    assert os.listdir(os.path.dirname(kept.folder)) == [os.path.basename(kept.folder)]


def test_several_processes_at_once():
    code = (
        "from policy.loading.bundles.store import Kept, find_store, remove_tree\n"
        f"kept = Kept(find_store(), {DIGEST!r})\n"
        f"for number in range(20):\n    kept.fill({FILES!r})\n    number % 5 or remove_tree(kept.folder)\n"
        f"kept.fill({FILES!r})\n"
    )
    path = str(Path(__file__).resolve().parents[3] / "src")
    running = [subprocess.Popen([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": path}) for _ in range(3)]
    assert [process.wait() for process in running] == [0, 0, 0]
    assert Kept(find_store(), DIGEST).verify()


def test_a_store_that_others_can_write_to_is_not_used(store):
    store.chmod(0o777)
    with pytest.raises(PolicyError) as refusal:
        find_store()
    (problem,) = refusal.value.problems
    assert problem.message.startswith("other users can write to")
    assert "POLICY_CACHE_DIR" in problem.remedy


def test_a_store_that_cannot_be_written(store, monkeypatch):
    (store / "file").write_text("x")
    monkeypatch.setenv("POLICY_CACHE_DIR", str(store / "file"))
    with pytest.raises(PolicyError, match="or it is no folder"):
        find_store()
    with pytest.raises(PolicyError, match="a bundle cannot be kept in"):
        Kept(str(store / "file"), DIGEST).fill(FILES)


def test_where_it_is(monkeypatch, tmp_path):
    monkeypatch.setenv("POLICY_CACHE_DIR", "relative")
    with pytest.raises(PolicyError, match="POLICY_CACHE_DIR is `relative`, which is no absolute path"):
        find_store()
    monkeypatch.delenv("POLICY_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert find_store() == str(tmp_path / "tunegate" / "bundles")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert find_store() == str(tmp_path / "home" / ".cache" / "tunegate" / "bundles")
