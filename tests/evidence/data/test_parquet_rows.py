from __future__ import annotations

import datetime as dt

import pytest

from policy.evidence.data import parquet_rows
from policy.evidence.data.files import Wanted, observe_file
from policy.evidence.data.row_codec import STANDARD

pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")


@pytest.fixture
def write(tmp_path):
    def make(columns, **options):
        file = tmp_path / "a.parquet"
        parquet.write_table(pyarrow.table(columns), file, **options)
        return file

    return make


def observe(file):
    return observe_file(str(file), "a.parquet", Wanted(STANDARD))


def test_rows_and_text_are_counted(write):
    found = observe(write({"text": ["one", "two", "three"], "label": [1, 2, 3]}, row_group_size=2))
    assert (found.rows, found.format, found.problem) == (3, "parquet", None)
    assert found.content.characters == len("onetwothree")


def test_every_kind_of_column_is_read(write):
    now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    columns = {"at": [now], "raw": [b"\xff"], "nested": [{"a": ["x", None]}], "nothing": [None]}
    found = observe(write(columns))
    assert (found.rows, found.content.characters) == (1, 1)


def test_a_file_without_rows(write):
    assert observe(write({"a": []})).rows == 0


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-9],
        lambda data: data[:-8] + b"\xff\xff\xff\x7f" + data[-4:],
        lambda data: data[:-30] + b"\xff" * 22 + data[-8:],
        lambda _: b"PAR1PAR1",
        lambda _: b"PAR1....PAR1",
        lambda _: b"PAR1",
        lambda _: b"",
        lambda _: b"no parquet at all",
        lambda data: data[:4] + b"\xee" * 40 + data[44:],
    ],
)
def test_a_damaged_file_is_an_error(write, damage):
    file = write({"text": ["one", "two", "three"] * 100})
    data = damage(file.read_bytes())
    file.write_bytes(data)
    found = observe(file)
    assert str(found.problem).startswith("a.parquet:1:1: the Parquet data is damaged or of a kind that is not read")
    assert (found.rows, found.content, found.bytes) == (None, None, len(data))


def test_every_cut_of_a_file_is_an_error_and_never_a_traceback(write):
    data = write({"text": ["one", "two"]}).read_bytes()
    for length in range(0, len(data), 7):
        file = write({"text": []})
        file.write_bytes(data[:length])
        assert observe(file).problem is not None


def test_content_that_grows_too_far_is_not_read(write, monkeypatch):
    monkeypatch.setattr(parquet_rows, "HARMLESS", 1000)
    monkeypatch.setattr(parquet_rows, "LARGEST_RATIO", 1)
    file = write({"text": ["x" * 100] * 1000}, use_dictionary=False, compression="zstd")
    found = observe(file)
    assert (found.rows, found.content) == (1000, None)
    assert found.reason == "its content is more than 1 times as large as the file"
    monkeypatch.setattr(parquet_rows, "MOST_ROWS", 999)
    assert observe(file).reason == "there are more than 999 rows"
