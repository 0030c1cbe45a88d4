"""Licences and rows of the corpus, as observed and as counted in another way, and of a small one written here."""

from __future__ import annotations

from collections import Counter
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def licenses(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    return import_module("benchmarks.licenses")


def test_the_cards_of_the_corpus(corpus, licenses):
    cards = [card for card in licenses.read_cards(str(corpus)) if "/" in card.file]
    assert [card for card in cards if card.observed != card.counted] == []
    # Counted by hand from the headers: two have no `license`, and one lists six.
    assert Counter(card.observed for card in cards) == {
        "stated": 31,
        "unknown": 21,
        "other": 4,
        "nothing": 2,
        "several": 1,
    }
    assert sum(any("non-commercial" in licenses.list_terms(name) for name in card.names) for card in cards) == 5
    unlisted = {name for card in cards for name in card.names if "unlisted" in licenses.list_terms(name)}
    assert unlisted == set()


def test_the_rows_of_the_corpus(corpus, licenses):
    data = list(licenses.count_rows(str(corpus)))
    assert len(data) == 7
    assert [one for one in data if one.observed != one.counted] == []
    assert sum(one.observed[1] for one in data) == 50
    assert licenses.run(str(corpus)) is True


CARD = "---\nlicense: {}\n---\n"
FILES = {
    "README.md": CARD.format("mit"),
    "a/README.md": CARD.format("cc-by-nc-4.0"),
    "b/README.md": CARD.format("{x: [mit], y: isc}"),
    "c/README.md": "# c\n",
    "d/README.md": CARD.format("[mit"),
    "e/README.md": CARD.format("acme-house"),
    "a/metadata.json": '{"@type": "Dataset", "conformsTo": "http://mlcommons.org/croissant/1.0", "license": "isc"}',
    "a/train.jsonl": '{"a": 1, "b": 2}\n\n{"b": 2, "a": 1}\n{"a": 2}\n',
    "a/test.csv": "x,y\n1,2\n1,2\n",
    "a/rows.json": '[{"x": 1}, {"x": 1}, {"x": 1}]',
    "a/dataset_info.json": "{}",
}


@pytest.fixture
def count(licenses, plant, capsys):
    """Whether both ways agree on these files, and what is printed: the tables' rows, and the other lines."""

    def look(files):
        agree = licenses.run(str(plant(files)))
        lines = capsys.readouterr().out.split("\n")
        cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if line.startswith("|")]
        return agree, {row[0]: row[1:] for row in cells}, [line for line in lines if ": " in line]

    return look


def test_a_small_corpus(count):
    agree, rows, lines = count(FILES)
    assert agree is True
    assert rows["stated"][:3] == ["2", "2", "40%"]
    assert rows["several"][:2] == rows["nothing"][:2] == rows["unreadable"][:2] == ["1", "1"]
    assert rows["non-commercial"] == ["1", "", "20%", "53", "7%"]
    assert (rows["acme-house"], rows["isc"]) == (["1", "unlisted"], ["2", ""])
    assert rows["a/train.jsonl"] == ["3", "1", "3", "1"]
    assert rows["a/rows.json"] == ["3", "2", "3", "2"]
    assert rows["a/test.csv"] == ["2", "1", "2", "1"]
    assert 'a/metadata.json: "isc" is isc' in lines


@pytest.mark.parametrize(
    ("name", "answer", "line"),
    [
        ("count_lines", (1, 0), "a/rows.json: observed (3, 2), counted (1, 0)"),
        ("classify_text", "nothing", "a/README.md: observed stated, counted nothing"),
    ],
)
def test_a_difference_is_named(licenses, monkeypatch, count, name, answer, line):
    monkeypatch.setattr(licenses, name, lambda _: answer)
    agree, _, lines = count(FILES)
    assert agree is False
    assert line in lines


def test_a_folder_is_needed(licenses, monkeypatch, capsys):
    monkeypatch.delenv("CORPUS", raising=False)
    assert licenses.run() is False
    assert licenses.run("nowhere") is False
    assert "name a folder" in capsys.readouterr().err
