"""What is read of a spool while others write to it and record it."""

from __future__ import annotations

import os

import pytest

from policy.gates.mlflow.server.spool_reader import SpoolReader, describe, measure_spool, name_case
from policy.records.spool import read_line, write_line
from policy.records.spool_files import add_line, take_all
from tests.records.drafts import draft_decision


def parse(line):
    if line.startswith(b"bad"):
        raise ValueError(line)
    parsed.append(line)
    return line.decode()


parsed: list[bytes] = []


@pytest.fixture
def path(tmp_path):
    parsed.clear()
    return str(tmp_path / "spool")


def test_only_what_is_new_is_read_and_what_cannot_be_is_left_out(path):
    reader = SpoolReader(path, parse)
    assert reader.list_all() == []
    for line in (b"one\n", b"bad\n", b"two\n"):
        add_line(path, line)
    assert reader.list_all() == ["one", "two"]
    add_line(path, b"three\n")
    assert reader.list_all() == ["one", "two", "three"]
    assert parsed == [b"one", b"two", b"three"]
    reader.forget()
    assert reader.list_all() == ["one", "two", "three"]
    assert len(parsed) == 6


def test_half_a_line_is_none_yet(path):
    reader = SpoolReader(path, parse)
    with open(path, "wb", buffering=0) as file:
        file.write(b"one\ntw")
        assert reader.list_all() == ["one"]
        file.write(b"o\n")
        assert reader.list_all() == ["one", "two"]


def test_what_is_taken_up_comes_first_and_is_gone_once_it_is_recorded(path):
    reader = SpoolReader(path, parse)
    add_line(path, b"one\n")
    assert reader.list_all() == ["one"]
    (taken,) = take_all(path)
    add_line(path, b"two\n")
    assert reader.list_all() == ["one", "two"]
    assert measure_spool(path) == 8
    os.unlink(taken)
    assert reader.list_all() == ["two"]
    assert measure_spool(path) == 4


def test_another_file_of_the_same_number_is_read_from_its_beginning(path):
    reader = SpoolReader(path, parse)
    add_line(path, b"one\n")
    reader.list_all()
    with open(path, "r+b") as file:
        file.write(b"six\nten\n")
    assert reader.list_all() == ["six", "ten"]


def test_of_a_decision_there_stays_what_tells_it_from_others():
    draft = draft_decision("one")
    waiting = describe(read_line(write_line(draft).rstrip(b"\n")))
    assert waiting.id == draft.index.decision_id
    assert waiting.case == name_case(draft)
    assert waiting.brings == {item.digest for item in draft.objects}
    assert describe(draft_decision("two")).case == waiting.case
    assert describe(draft_decision("two", project="another")).case != waiting.case
