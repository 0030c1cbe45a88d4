"""The text of a drafted manifest: what is written is what every reader of YAML takes it for."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from policy.app.drafts.text import WIDTH, Item, Line, write_comment, write_lines, write_list, write_scalar
from policy.source.yaml_reader import read_yaml

# Half of a surrogate pair is no character of any file.
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)
AWKWARD = [
    "\ufeff", "\x00", "\x1b[31m", "\x7f", "é", "名前", "🙂", "\u200d", "\uffff", "---", "...", "<<", "=", "a:", ":a",
    "no", "NO", "y", "on", "True", "null", "~", "nan", ".inf", "1", "1.0", "1e3", "0x1f", "0o7", "1_000", "2026-01-01",
    "12:30:45",
    "a: b", "a #b", "#a", "- a", "-", "?", "? a", "!a", "&a", "*a", "%a", "@a", "`a", "|", ">", "[a]", "{a}",
    "a, b", '"', "'", "it's", 'say "no"', "\\", "\\n", "a\nb", "a\tb", "a\rb", " a", "a ", "\u00a0", "\u0085", "\u2028",
]  # fmt: skip
TRAINING = Item((("path", "t.jsonl"), ("split", "train")))


def read_back(text: str) -> str:
    """What the house's own reader takes the value of a key for."""
    root = read_yaml(f"key: {text}\n".encode(), "file.yaml").root
    value: str = root.get("key").text  # type: ignore[attr-defined]
    return value


@pytest.mark.parametrize("text", AWKWARD)
def test_awkward_texts_stay_what_they_are(text):
    written = write_scalar(text)
    assert written.isprintable()
    assert read_back(written) == text
    assert yaml.safe_load(f"key: {written}") == {"key": text}


@given(TEXTS)
def test_every_text_stays_what_it_is(text):
    written = write_scalar(text)
    assert read_back(written) == text
    assert yaml.safe_load(f"key: {written}") == {"key": text}


@given(st.lists(TEXTS, max_size=4))
def test_every_list_stays_what_it_is(texts):
    assert yaml.safe_load(f"key: {write_list(texts)}") == {"key": texts}


@pytest.mark.parametrize("text", ["reply-tone", "train/axolotl.yaml", "ml@example.com", "Qwen2.5", "cc-by-4.0"])
def test_what_is_plain_is_written_plainly(text):
    assert write_scalar(text) == text


def test_keys_stand_in_their_sections_and_what_nobody_said_is_commented_out():
    lines = [
        Line("project", "a", "taken from the folder"),
        Line("owner.team", "", "who answers"),
        Line("owner.contact", "b"),
        Line("x.deep.er", "", "far in"),
        Line("stage", ""),
        Line(
            "data.sources", items=(Item((("path", "t.jsonl"), ("split", "train"))), Item((("path", "no"),), False, "?"))
        ),
    ]
    assert write_lines(lines) == [
        "project: a                      # taken from the folder",
        "owner:",
        "  # team:                       # who answers",
        "  contact: b",
        "x:",
        "  deep:",
        "    # er:                       # far in",
        "# stage:",
        "data:",
        "  sources:",
        "    - {path: t.jsonl, split: train}",
        '    # - {path: "no"}            # ?',
    ]


def test_a_key_can_be_uncommented_by_itself():
    text = "\n".join(write_lines([Line("owner.team", "", "who"), Line("owner.contact", "", "where"), Line("stage")]))
    assert yaml.safe_load(text) == {"owner": None}
    assert yaml.safe_load(text.replace("# team:", "team: a ")) == {"owner": {"team": "a"}}
    assert yaml.safe_load(text.replace("# contact:", "contact: b ")) == {"owner": {"contact": "b"}}


def test_long_notes_are_wrapped_and_stand_above_long_lines():
    words = "word " * 40
    beside = write_lines([Line("stage", "pilot", words)])
    above = write_lines([Line("training.config", "x" * 70, words)])
    assert len(beside) > 1
    assert max(map(len, beside + above)) <= WIDTH
    assert beside[0].startswith("stage: pilot")
    assert above[0] == "training:"
    assert above[1].startswith("  # word")
    assert above[-1] == f"  config: {'x' * 70}"
    assert yaml.safe_load("\n".join(beside + above)) == {"stage": "pilot", "training": {"config": "x" * 70}}


@given(TEXTS, TEXTS, st.booleans())
def test_no_note_gets_out_of_its_comment(note, value, stated):
    item = Item((("path", value),), stated, note)
    lines = [Line("project", write_scalar(value), note), Line("owner.team", "", note), Line("a.b", "", note, (item,))]
    text = "\n".join([*write_comment(note), *write_lines(lines), ""])
    read = {"project": value, "owner": None, "a": {"b": [{"path": value}] if stated else None}}
    assert yaml.safe_load(text) == read
    assert read_yaml(text.encode(), "file.yaml").root.get("project").text == value  # type: ignore[attr-defined]
