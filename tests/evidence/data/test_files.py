from __future__ import annotations

import hashlib
import json
import os
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from policy.evidence.data import byte_stream, json_rows, json_text, row_codec
from policy.evidence.data.files import observe_file

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)
RECORDS = st.lists(st.dictionaries(st.text(max_size=4), JSON, min_size=1, max_size=3), max_size=12)
WRITTEN_INTO_ONE_FOLDER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def observe(tmp_path):
    def write(content, name="data.jsonl"):
        file = tmp_path / name
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return observe_file(str(file), name)

    return write


@pytest.fixture(params=[None, 1, 7], ids=["whole", "1-byte reads", "7-byte reads"])
def pieces(request, monkeypatch):
    """Read in pieces so small that every value is cut, as large files are cut at other places."""
    if request.param:
        monkeypatch.setattr(json_text, "CHUNK", request.param)
        monkeypatch.setattr(byte_stream.ByteStream.read, "__defaults__", (request.param,))


def counts(observation):
    return observation.rows, observation.format


@WRITTEN_INTO_ONE_FOLDER
@given(rows=RECORDS, ending=st.sampled_from(["\n", "\r\n", "\n\n"]), ascii_only=st.booleans())
def test_lines_are_counted(observe, rows, ending, ascii_only):
    content = "".join(json.dumps(row, ensure_ascii=ascii_only) + ending for row in rows)
    found = observe(content.encode("utf-8", "surrogatepass") if ascii_only else content.encode("utf-8", "replace"))
    assert counts(found) == (len(rows), "jsonl")
    assert found.bytes == len(content.encode())


@pytest.mark.usefixtures("pieces")
@WRITTEN_INTO_ONE_FOLDER
@given(
    rows=st.lists(JSON, max_size=12),
    indent=st.sampled_from([None, 1]),
    name=st.sampled_from(["a.json", "a.jsonl", "a"]),
)
def test_the_elements_of_an_array_are_counted(observe, rows, indent, name):
    content = json.dumps(rows, indent=indent)
    found = observe(content, name)
    assert counts(found) == (len(rows), "json")
    assert found.sha256 == hashlib.sha256(content.encode()).hexdigest()


def is_json(text):
    def refuse(name):
        raise ValueError(name)

    try:
        json.loads(text, parse_constant=refuse)
    except (ValueError, RecursionError):
        return False
    return True


BROKEN = st.builds(
    lambda text, at, piece: text[: at % (len(text) + 1)] + piece + text[at % (len(text) + 1) :],
    JSON.map(json.dumps),
    st.integers(0, 200),
    st.sampled_from(["", ",", "]", "}", "[", "{", '"', "\\", "1", ".", "e", "-", "NaN", "tru", " ", ":", "\x01"]),
) | st.builds(lambda text, cut: text[:cut], JSON.map(json.dumps), st.integers(0, 60))


@pytest.mark.usefixtures("pieces")
@WRITTEN_INTO_ONE_FOLDER
@given(text=BROKEN)
@example("[1.5]")
@example("[1e5,-0.1E+2]")
@example("[NaN]")
@example("[-Infinity]")
@example('["\\ud83d\\ude00"]')
@example("[1,]")
@example("[01]")
@example("[1.]")
@example('{"a": 1, }')
@example('{"a": [1, 2], "b": {}}')
@example("{}")
@example('{"a": 1} 5')
@example("{1: 2}")
@example('{"a" 1}')
def test_a_json_file_is_sound_exactly_where_json_loads_reads_it(observe, text):
    if "\n" not in text and text.strip(" \t\r"):
        assert (observe(text, "data.json").problem is None) == is_json(text)
        if text.strip(" \t\r")[0] in "[{":
            # Written over several lines it is read as a document, not as a line.
            assert (observe("\n" + text[0] + "\n" + text[1:], "data.json").problem is None) == is_json(text)


@WRITTEN_INTO_ONE_FOLDER
@given(before=RECORDS, text=BROKEN, after=RECORDS)
def test_lines_are_sound_exactly_where_each_is(observe, before, text, after):
    if not text.strip(" \t\r") or "\n" in text:
        return
    lines = ['{"first": 0}', *map(json.dumps, before), text, *map(json.dumps, after)]
    found = observe("\n".join(lines))
    if is_json(text):
        assert counts(found) == (len(lines), "jsonl")
    else:
        assert found.rows is None
        assert found.problem.location.line == 2 + len(before)
        assert found.problem.message.startswith(f"line {2 + len(before)} is not one JSON value: ")


@WRITTEN_INTO_ONE_FOLDER
@given(before=RECORDS, text=BROKEN | st.binary(max_size=20).map(lambda data: data.decode("latin-1")), after=RECORDS)
@example([], '{"a": "\\ud800"}', [])
@example([], "1" * 5000, [])
@example([], "1e999", [])
@example([], "[" * 900 + "]" * 900, [])
@example([], " ", [])
@example([], "-0", [])
def test_the_fast_reader_finds_what_the_standard_library_finds(observe, before, text, after):
    pytest.importorskip("orjson", reason="orjson is not installed")
    lines = ['{"first": 0}', *map(json.dumps, before), text, *map(json.dumps, after), ""]
    content = "\n".join(lines).encode("utf-8", "replace")
    found = observe(content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(row_codec, "WORTH_IMPORTING", 0)
        assert observe(content) == found


@WRITTEN_INTO_ONE_FOLDER
@given(content=st.binary(max_size=60), name=st.sampled_from(["a.json", "a.jsonl", "a.csv", "a", "a.txt"]))
def test_any_bytes_are_read_without_failing(observe, content, name):
    found = observe(content, name)
    assert found.bytes == len(content)
    assert found.sha256 == hashlib.sha256(content).hexdigest()
    assert (found.rows is None) == bool(found.reason)


@pytest.mark.parametrize(
    ("content", "name", "rows", "form"),
    [
        ("", "a.jsonl", 0, "jsonl"),
        ("", "a.json", 0, "json"),
        (" \n\r\n\t\n", "a.jsonl", 0, "jsonl"),
        ("\ufeff", "a.json", 0, "json"),
        ('\ufeff{"a": 1}\r\n{"a": 2}\r\n', "a.jsonl", 2, "jsonl"),
        ('\ufeff[{"a": 1}]', "a.json", 1, "json"),
        ('{"a": 1}', "a.jsonl", 1, "jsonl"),
        ('{"a": [1]}\n', "a.jsonl", 1, "jsonl"),
        ('{"a": 1}\n{"a": 2}', "a.json", 2, "jsonl"),
        ('\n\n[\n{"a": 1},\n{"a": 2}\n]\n', "a.jsonl", 2, "json"),
        ("[1, 2]\n[3]\n\n[4]\n", "a.jsonl", 3, "jsonl"),
        ("[1, 2]\n[3]", "a.json", 2, "jsonl"),
        ("[]", "a.json", 0, "json"),
        ('"a"\n5\nnull\n', "a.jsonl", 3, "jsonl"),
        ('{"a": 1, "b": "x"}', "a.json", 1, "json"),
        ('{\n"a": 1\n}', "a.json", 1, "json"),
        ('{"data": [1, 2]}', "a.json", None, "json"),
        ('{\n"data": [{"a": 1}, {"a": 2}]\n}', "a.json", None, "json"),
        ('{\n"a": {"b": 1}\n}', "a.json", None, "json"),
        ("5", "a.json", None, "json"),
        ('{"a": 1}\n{"a": 2}', "a", 2, "jsonl"),
        ("a,b\n1,2\n", "a.csv", None, "csv"),
        ("PAR1....PAR1", "a.bin", None, "parquet"),
        ("[link](x)", "README.md", None, "other"),
        ("text", "a", None, "other"),
        ("1" * 5000, "a.jsonl", 1, "jsonl"),
        (f"[{'1' * 5000}]", "a.json", 1, "json"),
    ],
)
@pytest.mark.usefixtures("pieces")
def test_forms(observe, content, name, rows, form):
    found = observe(content, name)
    assert counts(found) == (rows, form)
    assert found.problem is None


@pytest.mark.parametrize(
    ("content", "name", "problem"),
    [
        ('{"a": 1}\n{"a": 2}\n{"a": \n', "a.jsonl", "a.jsonl:3:7: line 3 is not one JSON value: expecting value"),
        ('{"a": 1}\n{"a": 2} {"a": 3}\n', "a.jsonl", "a.jsonl:2:10: line 2 is not one JSON value: extra data"),
        (
            '{"a": 1}\n{"a": "NaN", "b": NaN}\n',
            "a.jsonl",
            "a.jsonl:2:19: line 2 is not one JSON value: `NaN` is no JSON value",
        ),
        ("[1,\n 2,\n -Infinity]", "a.json", "a.json:3:2: line 3 is not JSON: `-Infinity` is no JSON value"),
        ("[1,\n 2,\n]", "a.json", "a.json:3:1: line 3 is not JSON: expecting value"),
        ("[1,\n 2\n", "a.json", "a.json:3:1: line 3 is not JSON: expected `,` or `]`, and the file ends here"),
        ("[1]\n]", "a.json", "a.json:2:1: line 2 is not JSON: expecting value"),
        ("[1,\n2]\n5", "a.json", "a.json:3:1: line 3 is not JSON: more follows after the end of the array"),
        ("[1] 5", "a.json", "a.json:1:5: line 1 is not JSON: more follows after the end of the array"),
        ('{\n"a": 1\n}\n{', "a.json", "a.json:4:1: line 4 is not JSON: more follows after the end of the object"),
        ("{\n a: 1}", "a.json", "a.json:2:2: line 2 is not JSON: expected a key in double quotes"),
        ('{\n"a": "ü" 1}', "a.json", "a.json:2:10: line 2 is not JSON: expected `,` or `}`"),
        (
            b'{"a": 1}\n{"a": "\xff"}\n',
            "a.jsonl",
            "a.jsonl:2:8: line 2 is not one JSON value: the bytes here are not UTF-8",
        ),
        (b'[1,\n"\xc3\xbc\xff"]', "a.json", "a.json:2:3: line 2 is not JSON: the bytes here are not UTF-8 text"),
        (b'[1,\n"\xc3', "a.json", "a.json:2:2: line 2 is not JSON: the bytes here are not UTF-8 text"),
        (b'{"a": 1}\n\0\0\n', "a.jsonl", "a.jsonl:2:1: line 2 is not one JSON value: expecting value"),
        (b'["\0"]', "a.json", "a.json:1:3: line 1 is not JSON: invalid control character"),
        (
            '{"a": 1}'.encode("utf-16"),
            "a.jsonl",
            "a.jsonl:1:1: line 1 is not one JSON value: the file is encoded as UTF-16",
        ),
        ('{"a": 1}\n\ufeff{"a": 1}\n', "a.jsonl", "a.jsonl:2:1: line 2 is not one JSON value"),
        ("[" * 200_000, "a.json", "a.json:1:2: line 1 is not JSON: values are nested too deeply"),
        ('{"a": 1}\n' + "[" * 200_000, "a.jsonl", "a.jsonl:2:1: line 2 is not one JSON value: values are nested"),
        ("\n  {]", "a.jsonl", "a.jsonl:2:4: line 2 is not one JSON value"),
        ("nonsense", "a.json", "a.json:1:1: line 1 is not JSON"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(observe, content, name, problem):
    found = observe(content, name)
    assert str(found.problem).startswith(problem)
    assert found.problem.level == "error"
    assert found.rows is None
    assert found.reason == f"line {found.problem.location.line} is broken"
    assert found.bytes == len(content.encode() if isinstance(content, str) else content)


@pytest.mark.usefixtures("pieces")
@pytest.mark.parametrize("content", ['{"a": 1}\n[\n', "[1,\n  2 3]", '{\n"a": [1,\n2 3]}'])
def test_the_place_is_the_same_however_the_file_is_read(observe, content):
    found = observe(content, "a.json")
    line = content.count("\n") + (not content.endswith("\n"))
    assert found.problem.location.line == line


def test_a_value_is_not_confused_by_what_looks_like_its_end(observe):
    rows = [{"a": '"],[{"'}, {"a": "\\"}, {"b": '\\"', "c": "]"}]
    assert observe(json.dumps(rows), "a.json").rows == 3


def test_a_line_that_is_too_long_is_refused(observe, monkeypatch):
    monkeypatch.setattr(json_rows, "LONGEST_VALUE", 2**20)
    line = json.dumps({"a": "x" * 2**20})
    found = observe('{"a": 1}\n' + line + "\n")
    assert str(found.problem).startswith("data.jsonl:2:1: line 2 is not one JSON value: the line is longer than 1 MiB")
    assert found.bytes == 10 + len(line)


@pytest.mark.parametrize(("name", "start", "end"), [("a.jsonl", "", ""), ("a.json", "[", "]")])
def test_the_longest_line_or_element_is_of_8_mib(observe, name, start, end):
    assert json_text.LONGEST_VALUE == 8 * 2**20
    longest = f'"{"x" * (8 * 2**20 - 3)}"'
    assert observe(f"{start}{longest}{end}", name).problem is None
    found = observe(f'{start}"xx{longest[1:]}{end}', name)
    assert found.rows is None
    assert "is longer than 8 MiB" in found.problem.message


def test_an_element_that_is_too_long_is_refused(observe, monkeypatch):
    monkeypatch.setattr(json_text, "LONGEST_VALUE", 3 * 2**20)
    found = observe(f'[1,\n"{"x" * 5 * 2**20}"]', "a.json")
    assert str(found.problem).startswith("a.json:2:1: line 2 is not JSON: the value is longer than 3 MiB")
    assert observe(f'[1,\n"{"x" * 2 * 2**20}"]', "a.json").rows == 2


@pytest.mark.parametrize(
    ("name", "start", "row", "end"),
    [
        ("a.jsonl", "", "%s\n", ""),
        ("a.json", "[", "%s,", "0]"),
        ("b.json", "[\n", "%s,\n", "0]"),
        ("c.json", '{"data": [', "%s,\n", "0]}"),
    ],
)
def test_memory_does_not_grow_with_the_file(tmp_path, name, start, row, end):
    file = Path(tmp_path, name)
    text = row % json.dumps({"messages": [{"role": "user", "content": "x" * 500}]})
    with file.open("w") as stream:
        stream.write(start)
        for _ in range(100):
            stream.write(text * 600)
        stream.write(end)
    assert file.stat().st_size > 30_000_000
    tracemalloc.start()
    try:
        found = observe_file(str(file), name)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found.problem is None
    assert peak < 12_000_000


def test_a_pointer_is_told_from_the_data(observe):
    found = observe("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n")
    assert found.is_pointer
    assert found.rows is None
    assert found.problem is None
    assert "Git LFS" in found.reason


def test_only_regular_files_are_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", tmp_path / "missing"):
        with pytest.raises(OSError, match=r"regular|directory|No such file"):
            observe_file(str(path), "data.jsonl")
