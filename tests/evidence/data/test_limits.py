"""Time and size looked after wherever bytes are read, expanded or compared."""

from __future__ import annotations

import gzip
import os

import pytest

from policy.evidence.data.byte_stream import CHUNK, ByteStream
from policy.evidence.data.duplicates import RowHashes
from policy.evidence.data.files import Wanted, observe_file
from policy.evidence.data.overlap import EvaluationRows
from policy.evidence.data.row_codec import choose_codec
from policy.model.evidence_settings import EvidenceSettings
from policy.plugins import metering
from policy.plugins.metering import Meter, SpentError

ROW = b'{"text": "one two three"}\n'
RAISES = "`evidence: {size_limit: …}` in the policy set raises the limit"


@pytest.fixture
def clock(monkeypatch):
    """The time, which stands still until the test changes it."""
    time = [0.0]
    monkeypatch.setattr(metering, "monotonic", lambda: time[0])
    return time


def limited(**settings):
    return Meter(EvidenceSettings(**settings))


def observe(path):
    return observe_file(str(path), path.name, Wanted(choose_codec(0)))


def test_a_file_is_read_up_to_the_limit(tmp_path):
    file = tmp_path / "a.jsonl"
    file.write_bytes(ROW * 4)
    with limited(size_limit=4 * len(ROW)):
        assert observe(file).rows == 4
    with limited(size_limit=4 * len(ROW) - 1), pytest.raises(OSError, match="larger than") as caught:
        observe(file)
    assert caught.value.strerror == f"it is larger than {4 * len(ROW) - 1} B; {RAISES}"


def test_a_file_that_grows_while_it_is_read_stops_at_the_limit(tmp_path):
    file = tmp_path / "a.jsonl"
    file.write_bytes(b"x" * 10)
    with limited(size_limit=CHUNK), ByteStream(str(file)) as stream:
        with file.open("ab") as more:
            more.write(b"x" * 2 * CHUNK)
        with pytest.raises(OSError, match="it is larger than 1 MiB"):
            stream.finish()


def test_no_descriptor_is_left_of_a_file_that_is_too_large(tmp_path, monkeypatch):
    closed: list[None] = []
    close = os.close
    monkeypatch.setattr(os, "close", lambda descriptor: closed.append(close(descriptor)))
    (tmp_path / "a").write_bytes(b"xx")
    with limited(size_limit=1), pytest.raises(OSError, match="larger"):
        ByteStream(str(tmp_path / "a"))
    assert len(closed) == 1


def test_what_a_file_expands_to_counts(tmp_path):
    file = tmp_path / "a.jsonl.gz"
    file.write_bytes(gzip.compress(ROW * 1000))
    with limited(size_limit=1000 * len(ROW)):
        assert observe(file).rows == 1000
    with limited(size_limit=1000 * len(ROW) - 1), pytest.raises(OSError, match="expands") as caught:
        observe(file)
    assert caught.value.strerror == f"it expands to more than 25,999 B; {RAISES}"


def test_the_content_of_a_parquet_file_counts(tmp_path):
    pyarrow = pytest.importorskip("pyarrow", reason="the extra `data` is not installed")
    from pyarrow import parquet

    file = tmp_path / "a.parquet"
    parquet.write_table(pyarrow.table({"text": ["one two three"] * 100_000}), file, use_dictionary=False)
    with limited():
        assert observe(file).content is not None
    with limited(size_limit=file.stat().st_size):
        observation = observe(file)
    assert observation.content is None
    assert observation.reason.startswith("its content is larger than ")
    assert observation.rows == 100_000


def test_time_is_looked_at_while_a_file_is_read(tmp_path, clock):
    file = tmp_path / "a.jsonl"
    file.write_bytes(ROW * (3 * CHUNK // len(ROW)))
    with limited(time_limit=1000), ByteStream(str(file)) as stream:
        assert stream.read()
        clock[0] = 2.0
        with pytest.raises(SpentError):
            stream.finish()


def test_time_is_looked_at_while_little_becomes_much(tmp_path, clock):
    file = tmp_path / "a.jsonl.gz"
    file.write_bytes(gzip.compress(ROW * 100_000))
    # All of what is compressed is read at once.
    assert file.stat().st_size < CHUNK
    with limited(time_limit=1000), ByteStream(str(file)) as stream:
        stream.expand(".gz")
        assert stream.read()
        clock[0] = 2.0
        with pytest.raises(SpentError):
            list(iter(stream.read, b""))


def test_time_is_looked_at_between_batches_of_a_parquet_file(tmp_path, clock):
    pyarrow = pytest.importorskip("pyarrow", reason="the extra `data` is not installed")
    from pyarrow import parquet

    file = tmp_path / "a.parquet"
    parquet.write_table(pyarrow.table({"text": ["one"] * 1000}), file)

    def show(*_row):
        clock[0] = 2.0

    with limited(time_limit=1000), pytest.raises(SpentError):
        observe_file(str(file), "a.parquet", Wanted(choose_codec(0), show=show))


def test_time_is_looked_at_while_rows_are_compared(clock):
    hashes, rows = RowHashes(), EvaluationRows()
    hashes.extend([1, 2, 2])
    with limited(time_limit=1000):
        clock[0] = 2.0
        for work in (hashes.count, rows.seal, rows.count):
            with pytest.raises(SpentError):
                work()


def test_the_watcher_hears_of_every_piece(tmp_path):
    told: list[tuple[object, ...]] = []

    class Ear:
        def tell_reading(self, path, done, size):
            told.append((path, done, size))

        def tell_judged(self, done, total):
            told.append((done, total))

    file = tmp_path / "a"
    file.write_bytes(b"x" * (2 * CHUNK + 5))
    with Meter(watcher=Ear()), ByteStream(str(file)) as stream:
        stream.finish()
    size = 2 * CHUNK + 5
    assert told == [(str(file), done, size) for done in (CHUNK, 2 * CHUNK, size, size)]
