from __future__ import annotations

import os
import stat

import pytest

from policy.app.ledgers.key_files import LARGEST, create_key_file, open_key_file, read_trusted
from policy.errors import PolicyError
from policy.records.keys import make_key

KEY = make_key("tunegate/acme/00", bytes(32)).verifier


def test_a_new_key_is_for_its_owner_alone(tmp_path):
    old = os.umask(0)
    try:
        made = create_key_file(str(tmp_path / "k"), "tunegate/acme/00")
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "k").stat().st_mode) == 0o600
    assert open_key_file(str(tmp_path / "k")).verifier == made.verifier
    assert create_key_file(str(tmp_path / "l"), "tunegate/acme/00").verifier != made.verifier


def test_no_key_is_overwritten(tmp_path):
    (tmp_path / "there").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "gone")
    for name in ("there", "link"):
        with pytest.raises(PolicyError, match=f"there is a file `{tmp_path}/{name}` already"):
            create_key_file(str(tmp_path / name), "a")
    assert (tmp_path / "there").read_text() == "x"
    assert not (tmp_path / "gone").exists()


def test_a_key_that_cannot_be_written_is_said(tmp_path):
    with pytest.raises(PolicyError, match="cannot be written: No such file or directory"):
        create_key_file(str(tmp_path / "gone" / "k"), "a")


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o660, 0o644, 0o777, 0o601])
def test_a_key_that_others_can_read_is_refused(mode, tmp_path):
    file = tmp_path / "k"
    create_key_file(str(file), "a")
    file.chmod(mode)
    with pytest.raises(PolicyError, match="can be read by others than its owner") as raised:
        open_key_file(str(file))
    assert raised.value.exit_code == 2
    assert "PRIVATE" not in str(raised.value)


def test_a_key_of_another_user_is_refused(tmp_path, monkeypatch):
    create_key_file(str(tmp_path / "k"), "a")
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    with pytest.raises(PolicyError, match="belongs to another user"):
        open_key_file(str(tmp_path / "k"))


def test_what_is_no_key_file(tmp_path):
    (tmp_path / "text").write_text("hello")
    (tmp_path / "bytes").write_bytes(b"\xff" * 1000)
    (tmp_path / "public").write_text(KEY.text)
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe", 0o600)
    for file in tmp_path.iterdir():
        file.chmod(0o700 if file.is_dir() else 0o600)
    for name in ("text", "bytes", "public"):
        with pytest.raises(PolicyError, match="is no key file"):
            open_key_file(str(tmp_path / name))
    with pytest.raises(PolicyError, match="cannot be read: Is a directory"):
        open_key_file(str(tmp_path / "folder"))
    # A pipe nobody writes to would be waited for.
    with pytest.raises(PolicyError, match="is no file"):
        open_key_file(str(tmp_path / "pipe"))
    with pytest.raises(PolicyError, match="there is no key file"):
        open_key_file(str(tmp_path / "gone"))


def test_trusted_keys_from_files_and_texts(tmp_path):
    file = tmp_path / "keys"
    file.write_text(f"# ours\n{KEY.text} until 7\n")
    assert [(one.key, one.until) for one in read_trusted([str(file)], [KEY.text])] == [(KEY, 7), (KEY, None)]
    assert read_trusted([], []) == ()


def test_all_that_is_wrong_with_trusted_keys_is_said_at_once(tmp_path):
    (tmp_path / "bytes").write_bytes(b"\xff")
    (tmp_path / "large").write_bytes(b"#" * (LARGEST + 1))
    (tmp_path / "bad").write_text("x\ny\n")
    files = [str(tmp_path / name) for name in ("gone", "bytes", "large", "bad")]
    with pytest.raises(PolicyError) as raised:
        read_trusted(files, ["z"])
    said = [problem.message for problem in raised.value.problems]
    assert [any(part in line for line in said) for part in ("gone", "not UTF-8", "more than", "`x`", "`y`", "`z`")] == [
        True
    ] * 6
    assert len(said) == 6
