"""Whole files: lines, encodings, sizes, and whatever else somebody may hand over."""

from __future__ import annotations

import hashlib
import json
import os
import tracemalloc

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policy.evidence.data import byte_stream
from policy.evidence.job_files import fingerprints, judgement, lines, whole_files
from policy.evidence.job_files.fingerprints import Fingerprints
from policy.evidence.job_files.judging import Task, judge_file
from policy.evidence.job_files.providers import OPENAI
from tests.evidence.job_files.conftest import write_lines
from tests.evidence.job_files.examples import CHATS, PREFERENCES, SOUND_CHAT, SOUND_PREFERENCE

ROW = {"messages": [{"role": "user", "content": "u"}, {"role": "assistant", "content": "a"}]}
LINE = json.dumps(ROW)
ONE_FOLDER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
MARK = b"\xef\xbb\xbf"


@pytest.fixture(params=[None, 1, 7], ids=["whole", "1-byte reads", "7-byte reads"])
def pieces(request, monkeypatch):
    """Read in pieces so small that every line is cut, as large files are cut at other places."""
    if request.param:
        monkeypatch.setattr(byte_stream.ByteStream.read, "__defaults__", (request.param,))


@settings(ONE_FOLDER, max_examples=25)
@given(rows=st.lists(CHATS, min_size=10, max_size=12) | st.lists(PREFERENCES, min_size=10, max_size=12))
def test_files_of_sound_rows_are_valid(judge, rows):
    judged = judge(rows)
    assert (judged.valid, judged.errors, judged.warnings, judged.findings) == (True, {}, {}, ())
    assert judged.kind == ("chat" if "messages" in rows[0] else "preference")
    assert judged.rows == len(rows)
    assert judged.sha256 == hashlib.sha256(write_lines(rows)).hexdigest()
    assert judged.bytes == len(write_lines(rows))


@pytest.mark.usefixtures("pieces")
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("last", [True, False], ids=["ended", "open"])
def test_lines_and_columns_are_those_of_an_editor(judge, places, ending, last):
    broken = LINE.replace('"role": "user"', '"role": "üser", "wéight": 1')
    text = ending.join([LINE, "", LINE, broken, " \t", "", LINE, "{]", *[LINE] * 8]) + ending * last
    judged = judge(text)
    column = broken.index('"wéight"') + 1
    assert places(judged) == [
        ("blank-line", 2, 1),
        ("role", 4, broken.index('"role"') + 1),
        ("message-key", 4, column),
        ("blank-line", 5, 1),
        ("broken-line", 8, 2),
    ]
    assert judged.rows == 13


def test_a_byte_order_mark_moves_no_column(judge, places):
    broken = LINE.replace("user", "usr")
    judged = judge(MARK + "\n".join([broken, *[LINE] * 9]).encode())
    assert places(judged) == [("byte-order-mark", 1, 1), ("role", 1, broken.index('"role"') + 1)]


@pytest.mark.parametrize(
    ("provider", "mark", "warned"), [("openai", MARK, 1), ("openai", b"", 0), ("azure", MARK, 0), ("azure", b"", 1)]
)
def test_a_byte_order_mark_is_as_each_provider_asks(judge, provider, mark, warned):
    judged = judge(mark + write_lines([ROW] * 10), provider)
    assert judged.valid is True
    assert sum(judged.warnings.values()) == warned


def test_blank_lines_at_the_end_are_a_warning(judge, places):
    judged = judge(write_lines([ROW] * 10) + b"\n \n")
    assert judged.valid is True
    assert judged.warnings == {"blank-line": 1}
    assert places(judged) == [("blank-line", 11, 1)]


@pytest.mark.parametrize(
    ("content", "rule", "rows"),
    [
        (b"", "too-few-rows", 0),
        (b"\n\n", "too-few-rows", 0),
        (MARK, "too-few-rows", 0),
        (write_lines([ROW] * 9), "too-few-rows", 9),
        (json.dumps([ROW] * 12, indent=1).encode(), "format", 0),
        (json.dumps(ROW, indent=1).encode(), "format", 0),
        (b"PAR1" + bytes(40), "format", 0),
        (b"\x1f\x8b\x08" + bytes(40), "format", 0),
        (LINE.encode("utf-16"), "encoding", 0),
        (LINE.encode("utf-16-le"), "encoding", 0),
        (LINE.encode("utf-16-be"), "encoding", 0),
        (LINE.encode("utf-32"), "encoding", 0),
    ],
)
def test_a_file_that_is_no_training_file_is_one_violation(judge, content, rule, rows):
    judged = judge(content)
    assert (judged.valid, judged.errors, judged.rows) == (False, {rule: 1}, rows)
    assert judged.sha256 == hashlib.sha256(content).hexdigest()


def test_a_validation_file_needs_no_ten_rows(judge):
    assert judge([ROW], for_training=False).valid is True
    assert judge([], for_training=False).errors == {"too-few-rows": 1}


@pytest.mark.parametrize(
    ("line", "rule", "column"),
    [
        (b'{"messages": [}', "broken-line", 15),
        (b'{"messages": NaN}', "broken-line", 14),
        (b'{"a": "\x00"}', "broken-line", 8),
        (b"\x00\x00\x00", "broken-line", 1),
        (b'{"a": "\xff"}', "broken-line", 8),
        (b'{"a": "\xed\xa0\x80"}', "broken-line", 8),
        (b"[" * 100_000, "broken-line", 1),
        (b'{"a":' * 100_000, "broken-line", 1),
        (LINE.encode() + b" {}", "broken-line", len(LINE) + 2),
        (LINE.replace('"content": "a"', '"content": "a", "content": "b"').encode(), "duplicate-key", 87),
        (LINE.replace('"u"', r'"\ud800"').encode(), "half-character", 43),
        (LINE.replace('"u"', r'"\udE00\ud83d"').encode(), "half-character", 43),
        (LINE.replace('"a"', r'"\\ud83d\ude00"').encode(), "half-character", 82),
    ],
)
def test_a_broken_line_in_the_middle_hides_no_other(judge, places, line, rule, column):
    other = LINE.replace("user", "usr").encode()
    judged = judge(b"\n".join([LINE.encode()] * 5 + [line] + [LINE.encode()] * 5 + [other]))
    assert places(judged) == [(rule, 6, column), ("role", 12, 16)]
    assert judged.rows == 12


@pytest.mark.parametrize("text", [r"\ud83d\ude00", r"\\ud800", "\U0001f600", r"\u0000", r"\uD83D\uDE00\ud83d\ude00"])
def test_whole_characters_are_no_halves(judge, text):
    assert judge((LINE.replace('"u"', f'"{text}"') + "\n") * 10).valid is True


def test_a_huge_number_is_read_as_any_other(judge):
    tool = {"type": "function", "function": {"name": "f", "parameters": {"maximum": 1}}}
    line = json.dumps(ROW | {"tools": [tool]}).replace('"maximum": 1', f'"maximum": {"9" * 100_000}')
    assert judge((line + "\n") * 10).valid is True
    assert judge((LINE.replace('"role": "user"', f'"role": {"9" * 100_000}') + "\n") * 10).errors == {"role": 10}


def test_nesting_that_can_just_be_read_breaks_nothing(judge):
    for depth in range(900, 1000, 7):
        row = LINE.replace('"a"}', '"a", "weight": ' + "[" * depth + "]" * depth + "}")
        judged = judge("\n".join([LINE] * 10 + [row]))
        assert judged.errors in ({"weight": 1}, {"broken-line": 1}, {"weight": 1, "broken-line": 1})


def test_rows_of_another_kind_are_found_whichever_comes_first(judge):
    assert judge([SOUND_CHAT] * 10 + [SOUND_PREFERENCE]).errors == {"other-kind": 1}
    assert judge([SOUND_PREFERENCE] * 10 + [SOUND_CHAT]).errors == {"other-kind": 1}
    assert judge([{}] + [SOUND_PREFERENCE] * 10).errors == {"empty-row": 1}
    assert judge([SOUND_PREFERENCE] * 10, kind="chat").errors == {"other-kind": 10}


def test_all_violations_are_counted_and_the_first_are_shown(judge):
    judged = judge([{}] * 250)
    assert judged.errors == {"empty-row": 250}
    assert len(judged.findings) == judgement.MOST_SHOWN
    assert judged.findings[-1].problem.location.line == judgement.MOST_SHOWN


def test_what_holds_for_the_file_is_shown_after_any_number_of_rows(judge, monkeypatch):
    monkeypatch.setattr(whole_files, "PERHAPS_TOO_LARGE", 100)
    monkeypatch.setattr(whole_files, "SURELY_TOO_LARGE", 500)
    judged = judge([{}] * 250)
    assert judged.errors == {"empty-row": 250, "too-large": 1}
    assert judged.findings[-1].rule == "too-large"
    assert judge([{}] * 50).warnings == {"too-large": 1}


def test_a_line_too_long_to_hold_is_not_judged(judge):
    giant = LINE.replace('"a"', '"' + "a" * 9 * 1024 * 1024 + '"')
    judged = judge("\n".join([LINE, giant, *[LINE] * 9]))
    assert judged.valid is None
    assert judged.errors == {}
    assert judged.rows == 11
    assert "line 2 is longer" in judged.unread[0]
    assert judge("\n".join([LINE, giant, "{}", *[LINE] * 9])).valid is False


def test_memory_grows_with_neither_the_file_nor_its_longest_line(tmp_path, monkeypatch):
    monkeypatch.setattr(lines, "LONGEST_VALUE", 64 * 1024)
    file = tmp_path / "train.jsonl"
    with file.open("wb") as stream:
        stream.write((LINE + "\n").encode() * 20_000)
        for _ in range(100):
            stream.write(b"a" * 1024 * 1024)
        stream.write(b"\n" + LINE.encode())
    tracemalloc.start()
    judged = judge_file(str(file), "train.jsonl", Task(OPENAI))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert judged.rows == 20_002
    assert judged.unread
    assert peak < 12 * 1024 * 1024


def test_a_pointer_to_the_data_is_not_judged(judge):
    judged = judge("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n")
    assert (judged.valid, judged.errors, judged.rows) == (None, {}, 0)
    assert "Git LFS" in judged.unread[0]


@pytest.mark.parametrize("kind", ["folder", "pipe", "missing"])
def test_what_is_no_file_is_refused(tmp_path, kind):
    path = tmp_path / "train.jsonl"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    with pytest.raises(OSError, match=r"regular|No such"):
        judge_file(str(path), "train.jsonl", Task(OPENAI))


def test_rows_of_the_validation_file_are_found_however_they_are_written(judge, places):
    gathered = Fingerprints("val.jsonl")
    assert judge([SOUND_CHAT, ROW], for_training=False, gathered=gathered).valid is True
    turned = {key: SOUND_CHAT[key] for key in reversed(SOUND_CHAT)}
    others = [{"messages": [{"role": "user", "content": str(i)}, ROW["messages"][1]]} for i in range(10)]
    judged = judge([*others, turned], excluded=gathered)
    assert judged.errors == {"overlap": 1}
    assert places(judged) == [("overlap", 11, 1)]
    ((label, other),) = judged.findings[0].problem.related
    assert (label, other.file, other.line) == ("the same row for validation", "val.jsonl", 1)
    assert judge(others, excluded=gathered).valid is True


def test_a_validation_file_of_too_many_rows_is_compared_in_part_and_this_is_said(judge, monkeypatch):
    monkeypatch.setattr(fingerprints, "MOST_KEPT", 1)
    gathered = Fingerprints("val.jsonl")
    judge([SOUND_CHAT, ROW], for_training=False, gathered=gathered)
    judged = judge([ROW] * 10, excluded=gathered)
    assert judged.valid is None
    assert "not compared" in judged.unread[0]


def test_notes_tell_the_default_epochs_where_they_are_published(judge):
    assert any("8 epochs of 12 examples" in note for note in judge([ROW] * 12).notes)
    assert any("3 epochs of 60 examples" in note for note in judge([ROW] * 60).notes)
    assert not any("epochs" in note for note in judge([ROW] * 60, "azure").notes)
    assert judge([]).notes == ()


@ONE_FOLDER
@given(content=st.binary(max_size=60) | st.text('{}[]":,\\u\n dmesag0', max_size=40).map(str.encode))
def test_whatever_is_in_a_file_is_judged(judge, content):
    judged = judge(content)
    assert judged.valid in (False, None)
    assert all(finding.problem.location.end_line == 0 for finding in judged.findings)


def test_a_row_full_of_violations_takes_no_memory_for_each(judge):
    row = '{"messages": [' + ",".join("1" * 40_000) + '], "' + "k" * 100_000 + '": 1}'
    tracemalloc.start()
    judged = judge(row + "\n" + row + "\n")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert judged.errors == {"message": 80_000, "row-key": 2, "too-few-rows": 1}
    assert peak < 8 * 1024 * 1024
    assert all(len(line) < 500 for finding in judged.findings for line in finding.outline)


def test_violations_of_a_row_come_in_the_order_of_the_line(judge, places):
    row = {"tools": [], "messages": [{"weight": 1, "role": "user", "content": ""}], "extra": 1}
    found = places(judge([row, *[ROW] * 9]))
    assert found == sorted(found, key=lambda place: place[1:])
    assert len(found) == 5
