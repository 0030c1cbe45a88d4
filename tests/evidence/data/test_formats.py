from __future__ import annotations

import csv
import gzip
import io
import json
import os
import tracemalloc

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policy.evidence.data import compression, csv_rows
from policy.evidence.data.files import Wanted, observe_file
from policy.evidence.data.row_codec import STANDARD

WRITTEN_INTO_ONE_FOLDER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
LINES = '{"a": "one"}\n{"a": "two"}\n{"a": "one"}\n'
DAMAGED = "the compressed data is damaged"
SHORT = "the compressed data ends too early"


@pytest.fixture
def observe(tmp_path):
    def write(content, name="data.jsonl"):
        file = tmp_path / name
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return observe_file(str(file), name, Wanted(STANDARD))

    return write


def pack(content, ending):
    if ending == ".gz":
        return gzip.compress(content, mtime=0)
    return pytest.importorskip("zstandard", reason="zstandard is not installed").compress(content)


@pytest.mark.parametrize(
    ("content", "name", "rows"),
    [
        ("a,b\n1,2\n3,4\n", "a.csv", 2),
        ("a,b\r\n1,2\r\n", "a.csv", 1),
        ("a,b\n1,2", "a.csv", 1),
        ("\ufeffa,b\n1,2\n", "a.csv", 1),
        ('a,b\n"one\ntwo\r\nthree","say ""so"""\n1,2\n', "a.csv", 2),
        ("a\n1\n\n2\n\n", "a.csv", 2),
        ("\n\na\n1\n", "a.csv", 1),
        ("a,b\n1\n", "a.csv", 1),
        ("a,a\n1,2\n", "a.csv", 1),
        ('a;b\n1;"x\n,y"\n', "a.csv", 1),
        ("a\tb\n1\t2,5\n", "a.tsv", 1),
        ('a\tb\n1\t"x\ny"\n', "A.TSV", 1),
        ("a,b\n", "a.csv", 0),
        ("", "a.csv", 0),
        ("   \n", "a.csv", 0),
        ('a,b\n1,5" nail\n', "a.csv", 1),
        (f"a\n{'x' * 200_000}\n", "a.csv", 1),
    ],
)
def test_records_are_counted(observe, content, name, rows):
    found = observe(content, name)
    assert found.problem is None
    assert (found.rows, found.format) == (rows, "csv")


@WRITTEN_INTO_ONE_FOLDER
@given(
    records=st.lists(
        st.tuples(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1), st.text("a,\n")
        ),
        max_size=8,
    )
)
def test_what_the_csv_module_writes_is_counted(observe, records):
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([("question", "answer"), *records])
    found = observe(text.getvalue(), "a.csv")
    assert (found.rows, found.problem) == (len(records), None)
    assert found.content.characters == sum(len(question) + len(answer) for question, answer in records)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("a,b\n1,2\n1,2,3\n", "a.csv:3:1: line 3 is not a sound record: the record has 3 fields, and the header 2"),
        ('a,b\n"1\n2",2,3\n', "a.csv:2:1: line 2 is not a sound record: the record has 3 fields"),
        ('a\n1\n"2\n3\n', "a.csv:3:1: line 3 is not a sound record: a quoted field is not closed"),
        ('a,b\n"x"y,2\n', "a.csv:2:1: line 2 is not a sound record: ',' expected after '\"'"),
        (b"a\n\xfcber\n", "a.csv:2:1: line 2 is not a sound record: the bytes here are not UTF-8 text"),
        (b"a,b\nx,caf\xe9\n", "a.csv:2:6: line 2 is not a sound record: the bytes here are not UTF-8 text"),
        ("a\n1\nx\0y\n", "a.csv:3:2: line 3 is not a sound record: there is a NUL character here"),
        ("a,b\n1,2\n".encode("utf-16"), "a.csv:1:1: line 1 is not a sound record: the file is encoded as UTF-16"),
    ],
)
def test_what_is_wrong_with_a_record_is_told_with_its_place(observe, content, problem):
    found = observe(content, "a.csv")
    assert str(found.problem).startswith(problem)
    assert found.rows is None
    assert found.content is None
    assert found.bytes == len(content.encode() if isinstance(content, str) else content)


def test_a_header_of_many_fields_is_named_quickly_or_not_at_all(observe):
    fields = ",".join(["a"] * csv_rows._MOST_FIELDS)
    # To compare every name with every other takes ten thousand million steps here.
    assert observe(f"{fields}\n1,2\n", "a.csv").rows == 1
    found = observe(f"{fields},a\n1,2\n", "a.csv")
    said = "a.csv:1:1: line 1 is not a sound record: the header has more than 100,000 fields"
    assert str(found.problem).startswith(said)
    assert found.rows is None


@pytest.mark.parametrize("body", ['"' + "x\n" * 2**20, "x" * 2 * 2**20])
def test_a_record_does_not_swallow_the_file(observe, monkeypatch, body):
    monkeypatch.setattr(csv_rows, "LONGEST_VALUE", 2**20)
    known = csv.field_size_limit()
    found = observe("a\nfine\n" + body, "a.csv")
    assert str(found.problem).startswith("a.csv:3:1: line 3 is not a sound record: the record is longer than 1 MiB")
    assert csv.field_size_limit() == known


@pytest.mark.parametrize("ending", [".gz", ".zst"])
@pytest.mark.parametrize(
    ("name", "content", "rows", "form"),
    [
        ("a.jsonl", LINES, 3, "jsonl"),
        ("a.json", "[1, 2]", 2, "json"),
        ("a.csv", "a\n1\n", 1, "csv"),
        ("a", LINES, 3, "jsonl"),
        ("a.txt", "text", None, "other"),
        ("a.jsonl", "", 0, "jsonl"),
        ("a.jsonl", LINES * 20_000, 60_000, "jsonl"),
        ("a.parquet", "PAR1", None, "parquet"),
    ],
)
def test_compressed_files_are_counted_as_what_they_hold(observe, ending, name, content, rows, form):
    from hashlib import sha256

    packed = pack(content.encode(), ending)
    found = observe(packed, name + ending)
    assert (found.rows, found.format, found.problem) == (rows, form, None)
    assert (found.bytes, found.sha256) == (len(packed), sha256(packed).hexdigest())
    assert (rows is None) == bool(found.reason)


@pytest.mark.parametrize("ending", [".gz", ".zst"])
def test_parts_that_follow_each_other_are_one_file(observe, ending):
    part = pack(LINES.encode(), ending)
    assert observe(part * 3, "a.jsonl" + ending).rows == 9
    if ending == ".gz":
        assert observe(part + b"\0" * 5000, "a.jsonl.gz").rows == 3


@pytest.mark.parametrize("ending", [".gz", ".zst"])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda packed: packed[:-3], SHORT),
        (lambda packed: packed[: len(packed) // 2], SHORT),
        (lambda packed: packed[:12], SHORT),
        (lambda packed: packed + b"more", DAMAGED),
        (lambda packed: b"no such thing" + packed, DAMAGED),
        (lambda _: LINES.encode(), DAMAGED),
    ],
)
def test_a_damaged_file_is_an_error(observe, ending, change, message):
    content = "".join(json.dumps({"a": str(number)}) + "\n" for number in range(5000))
    packed = change(pack(content.encode(), ending))
    found = observe(packed, "a.jsonl" + ending)
    assert str(found.problem).startswith(f"a.jsonl{ending}:1:1: {message}")
    assert (found.rows, found.content, found.bytes) == (None, None, len(packed))


def test_a_broken_line_has_its_place_in_the_expanded_text(observe):
    found = observe(gzip.compress(b'{"a": 1}\n{"a": \n'), "a.jsonl.gz")
    assert str(found.problem).startswith("a.jsonl.gz:2:7: line 2 is not one JSON value")


@pytest.mark.parametrize("ending", [".gz", ".zst"])
def test_a_bomb_is_not_expanded(observe, monkeypatch, ending):
    monkeypatch.setattr(compression, "HARMLESS", 2**20)
    row = json.dumps({"a": "x" * 10_000}).encode() + b"\n"
    bomb = pack(row * 4_000, ending)
    tracemalloc.start()
    try:
        found = observe(bomb, "a.jsonl" + ending)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert "expands to more than" in str(found.problem)
    assert found.rows is None
    assert found.bytes == len(bomb)
    assert peak < 80_000_000


def test_what_is_repetitive_but_small_is_no_bomb(observe):
    packed = gzip.compress(b'"%s"\n' % (b"x" * 2**20) * 3)
    assert len(packed) * compression.LARGEST_RATIO < 3 * 2**20
    assert observe(packed, "a.jsonl.gz").rows == 3


@pytest.mark.parametrize(
    ("module", "name", "content"),
    [("zstandard", "a.jsonl.zst", b"(\xb5/\xfd"), ("pyarrow", "a.parquet", b"PAR1")],
)
def test_a_missing_library_is_one_clear_reason(observe, monkeypatch, module, name, content):
    monkeypatch.setitem(__import__("sys").modules, module, None)
    found = observe(content, name)
    assert found.reason == f"{module} is not installed: `pip install 'tunegate[data]'`"
    assert (found.rows, found.problem, found.bytes) == (None, None, len(content))


def test_one_line_of_100_mb_is_refused_without_being_held(tmp_path):
    file = tmp_path / "a.jsonl"
    with file.open("wb") as stream:
        stream.write(b'{"a": "')
        for _ in range(100):
            stream.write(b"x" * 2**20)
        stream.write(b'"}\n')
    tracemalloc.start()
    try:
        found = observe_file(str(file), "a.jsonl", Wanted(STANDARD))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert str(found.problem).startswith("a.jsonl:1:1: line 1 is not one JSON value: the line is longer than 8 MiB")
    assert peak < 30_000_000


def test_only_regular_files_are_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", "/dev/zero", tmp_path / "missing"):
        with pytest.raises(OSError, match=r"regular|directory|No such file"):
            observe_file(str(path), "data.csv.gz", Wanted(STANDARD))
