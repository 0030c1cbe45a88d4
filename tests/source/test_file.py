from __future__ import annotations

import os
import socket
import stat

import pytest

from policy.errors import PolicyError, Problem
from policy.source.file import ReadFile, read_bytes, watch_reads
from policy.source.limits import DEFAULT_LIMITS, Limits


@pytest.mark.parametrize("size", [0, 1, 64 * 1024, 64 * 1024 + 1, 300_000])
def test_a_file_is_read_whole(tmp_path, size):
    path = tmp_path / "f"
    path.write_bytes(b"x" * size)
    assert read_bytes(str(path), "f") == b"x" * size


def test_a_link_to_a_file_is_read(tmp_path):
    (tmp_path / "f").write_bytes(b"a")
    (tmp_path / "link").symlink_to("f")
    assert read_bytes(str(tmp_path / "link"), "f") == b"a"


def test_of_a_large_file_no_more_than_the_limit_is_read(tmp_path, monkeypatch, refuse):
    path = tmp_path / "f"
    with path.open("wb") as file:
        file.truncate(50_000_000)
    sizes = []
    read = os.read

    def count(descriptor, size):
        sizes.append(size)
        return read(descriptor, size)

    monkeypatch.setattr(os, "read", count)
    (problem,) = refuse(read_bytes, str(path), "f")
    assert problem.message == "the file is larger than 1,048,576 bytes"
    assert sum(sizes) == DEFAULT_LIMITS.max_bytes + 1


def test_a_file_may_be_as_large_as_the_limit(tmp_path, refuse):
    path = tmp_path / "f"
    path.write_bytes(b"abc")
    assert read_bytes(str(path), "f", Limits(max_bytes=3)) == b"abc"
    assert refuse(read_bytes, str(path), "f", Limits(max_bytes=2))


def test_a_named_pipe_is_refused_and_not_waited_for(tmp_path, refuse):
    os.mkfifo(tmp_path / "f")
    (problem,) = refuse(read_bytes, str(tmp_path / "f"), "m.yaml")
    assert (problem.message, str(problem.location)) == ("this is a named pipe, not a file", "m.yaml:1:1")


def test_a_file_that_turns_into_a_pipe_is_refused_and_not_waited_for(tmp_path, monkeypatch, refuse):
    path = tmp_path / "f"
    path.touch()
    before = path.stat()
    path.unlink()
    os.mkfifo(path)
    monkeypatch.setattr(os, "stat", lambda _path: before)
    (problem,) = refuse(read_bytes, str(path), "f")
    assert problem.message == "this is a named pipe, not a file"


def test_a_directory_is_refused(tmp_path, refuse):
    (problem,) = refuse(read_bytes, str(tmp_path), "m")
    assert problem.message == "this is a directory, not a file"


def test_a_device_is_refused(refuse):
    (problem,) = refuse(read_bytes, "/dev/zero", "m")
    assert problem.message == "this is a device, not a file"


def test_a_socket_is_refused(tmp_path, monkeypatch, refuse):
    monkeypatch.chdir(tmp_path)  # a socket's path has to be short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("s")
        (problem,) = refuse(read_bytes, "s", "m")
    assert problem.message == "this is a socket, not a file"


def test_a_missing_file_is_refused(tmp_path, refuse):
    (tmp_path / "f").touch()
    for name, message in [
        ("none", "the file does not exist"),
        ("f/x", "the file does not exist: its path leads through a file"),
        ("x" * 5000, "the file cannot be read: File name too long"),
        ("a\0b", "the file cannot be read: its path holds a character that no path has"),
    ]:
        (problem,) = refuse(read_bytes, str(tmp_path / name), "m")
        assert (problem.message, str(problem.location)) == (message, "m:1:1")


@pytest.mark.skipif(not os.geteuid(), reason="root may read everything")
def test_an_unreadable_file_is_refused(tmp_path, refuse):
    path = tmp_path / "f"
    path.touch(mode=stat.S_IWUSR)
    (problem,) = refuse(read_bytes, str(path), "m")
    assert problem.message == "the file may not be read"


def test_a_denied_file_is_refused(tmp_path, monkeypatch, refuse):
    (tmp_path / "f").touch()

    def deny(*_arguments):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", deny)
    (problem,) = refuse(read_bytes, str(tmp_path / "f"), "m")
    assert problem.message == "the file may not be read"
    assert problem.remedy == "give the user who runs this permission to read it"


def test_whoever_watches_is_told_of_each_file_that_is_read(tmp_path):
    (tmp_path / "f").write_bytes(b"a")
    (tmp_path / "g").write_bytes(b"b")
    outer: list[ReadFile] = []
    inner: list[ReadFile] = []
    with watch_reads(outer.append):
        read_bytes(str(tmp_path / "f"), "F")
        with watch_reads(inner.append):
            read_bytes(str(tmp_path / "g"), "G")
            with pytest.raises(PolicyError):
                read_bytes(str(tmp_path / "h"), "H")
    read_bytes(str(tmp_path / "f"), "F")
    assert [read.file for read in outer] == ["F", "G"]
    assert inner == [ReadFile(str(tmp_path / "g"), "G", b"b")]


def test_whoever_watches_can_refuse(tmp_path):
    (tmp_path / "f").write_bytes(b"a")

    def refuse_all(read):
        raise PolicyError(Problem(f"not {read.file}"))

    with watch_reads(refuse_all), pytest.raises(PolicyError, match="not F"):
        read_bytes(str(tmp_path / "f"), "F")
    assert read_bytes(str(tmp_path / "f"), "F") == b"a"
