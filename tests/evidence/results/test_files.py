from __future__ import annotations

import hashlib
import os

import pytest

from policy.errors import PolicyError
from policy.evidence.results.files import PointerError, read_results
from tests.evidence.results.building import write_lm_eval

PREFIX = "these are no evaluation results: "


def read(plant, content):
    return read_results(str(plant({"r.json": content}) / "r.json"), "evals/r.json")


def test_both_forms_are_told_apart(plant):
    assert list(read(plant, '{"accuracy": 0.9}').metrics) == ["accuracy"]
    assert list(read(plant, write_lm_eval(0.9)).metrics) == ["tone/style"]


def test_the_digest_is_that_of_the_whole_file(plant):
    content = b'\xef\xbb\xbf{"accuracy": 0.9}\n\n'
    assert read(plant, content).digest == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize(
    ("content", "line", "column", "message"),
    [
        ("", 1, 1, "expecting value, and the file ends here"),
        ("<!doctype html><title>404</title>", 1, 1, "expecting value"),
        ('{"a": 1,\n "b": 2', 2, 8, "expecting ',' delimiter, and the file ends here"),
        ('{"a": 1,\n "b": NaN}', 2, 7, "`NaN` is no JSON value"),
        ('{"a": -Infinity}', 1, 7, "`-Infinity` is no JSON value"),
        ('{"a": 1}\n{"a": 2}', 2, 1, "nothing was expected after the first value"),
        (b'{"a": "\xff"}', 1, 8, "the bytes here are not UTF-8 text"),
        ("[" * 100_000, 1, 1, "values are nested too deeply"),
        ("[1, 2]", 1, 1, "the file holds no mapping of metrics to numbers"),
        ("7", 1, 1, "the file holds no mapping of metrics to numbers"),
        ('{\n  "loss": 1e999\n}', 2, 3, "`loss` is too large for a number"),
        ('{"a": 1,\n "metrics": 3}', 2, 2, "`metrics` is no mapping of names to numbers"),
        ('{"a": 1,\n "metrics": {\n  "a": 1e999}}', 3, 3, "`a` is too large for a number"),
        (
            '{"versions": {"é": 1},\n "results": {"t": {"alias": "é", "é":\t-1e999}}}',
            2,
            34,
            "`é` is too large for a number",
        ),
        (
            '{"versions": {}, "results": {\n "\\u00e9": {"acc": 1, "acc_stderr": -1}}}',
            2,
            23,
            "`acc_stderr` is below 0, and a standard error is not",
        ),
    ],
)
def test_a_broken_file_is_said_where(plant, content, line, column, message):
    with pytest.raises(PolicyError) as caught:
        read(plant, content)
    (problem,) = caught.value.problems
    assert (problem.message, problem.level) == (PREFIX + message, "error")
    assert problem.location is not None
    assert problem.location[:3] == ("evals/r.json", line, column)


@pytest.mark.parametrize("start", ['{"a": "', "[", ""])
def test_a_huge_file_is_not_read_to_its_end(plant, start):
    file = plant({"r.json": start}) / "r.json"
    with file.open("ab") as stream:
        stream.write(b"0," * (5 * 1024 * 1024))
        # What is behind is a hole that takes no room, and 100 MB to read.
        stream.truncate(100 * 1024 * 1024)
    with pytest.raises(PolicyError) as caught:
        read_results(str(file), "r.json")
    assert str(caught.value.problems[0].location).startswith("r.json:1:")


def test_a_pointer_is_no_broken_file(plant):
    with pytest.raises(PointerError):
        read(plant, "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n")


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "r.json")
    with pytest.raises(OSError, match="not a regular file"):
        read_results(str(tmp_path / "r.json"), "r.json")
