"""What is sent is checked again at its end, before it is stored."""

from __future__ import annotations

import asyncio
import io
import shutil

import pytest

pytest.importorskip("mlflow", reason="needs the extra `mlflow`")

from policy.gates.mlflow.server.streams import check_when_sent
from policy.gates.mlflow.server.wrapping import _inside


class Check:
    def __init__(self, error=None):
        self.calls, self.error, self.inside = 0, error, []

    def __call__(self):
        self.calls += 1
        self.inside.append(_inside.get())
        if self.error:
            raise self.error


async def send(*chunks):
    for chunk in chunks:
        yield chunk


def collect(chunks):
    async def run():
        return [chunk async for chunk in chunks]

    return asyncio.run(run())


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_a_stream_is_checked_once_it_is_read_to_its_end(size):
    check, target = Check(), io.BytesIO()
    arguments = check_when_sent({"stream": io.BytesIO(b"abcdef"), "artifact_file_name": "f"}, check)
    assert arguments["stream"].read(2) == b"ab"
    assert check.calls == 0
    shutil.copyfileobj(arguments["stream"], target, length=size)
    assert (target.getvalue(), check.calls, arguments["artifact_file_name"]) == (b"cdef", 1, "f")


def test_one_that_is_read_at_once_too():
    for size in ((), (-1,), (None,)):
        check = Check()
        assert check_when_sent({"stream": io.BytesIO(b"abc")}, check)["stream"].read(*size) == b"abc"
        assert check.calls == 1


def test_chunks_are_checked_after_the_last_one_within_the_guarded_method():
    check = Check()
    chunks = check_when_sent({"chunks": send(b"a", b"b")}, check)["chunks"]
    assert (collect(chunks), check.calls, check.inside) == ([b"a", b"b"], 1, [{}])


def test_what_the_check_raises_is_raised_where_it_is_read():
    error = PermissionError("it is reopened")
    with pytest.raises(PermissionError):
        collect(check_when_sent({"chunks": send(b"a")}, Check(error))["chunks"])
    with pytest.raises(PermissionError):
        check_when_sent({"stream": io.BytesIO(b"a")}, Check(error))["stream"].read()


def test_what_streams_nothing_stays_as_it_is():
    arguments = {"local_file": "f", "artifact_path": None}
    assert check_when_sent(arguments, Check()) is arguments
