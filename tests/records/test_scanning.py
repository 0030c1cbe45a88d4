from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from policy.model.canonical import canonical_json
from policy.records.entry import Entry, make_entry, start_chain
from policy.records.merkle import CompactRange
from policy.records.scanning import MOST_FINDINGS, Scan, Start
from tests.records.trees import root_of

LEDGER = "0123456789abcdef" * 2
PAYLOAD = "sha256:" + "a" * 64
TIME = "2026-11-20T10:00:{:02}.000Z"


def make_entries(size, values=lambda number: (TIME.format(min(number, 59)), "note", PAYLOAD)):
    entries, chain = [], start_chain(LEDGER)
    for number in range(size):
        entries.append(make_entry(LEDGER, chain, number + 1, *values(number)))
        chain = entries[-1].chain
    return entries


def scan(rows, sizes=(), batch=4):
    return Scan(LEDGER, sizes).read([rows[at : at + batch] for at in range(0, len(rows), batch)])


def said(found):
    return [(finding.kind, finding.seq) for finding in found.findings.kept]


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@given(st.lists(st.tuples(texts, texts, texts), min_size=1, max_size=6))
@example([('a"b', "a\\b", "a\x7fb"), ("ü", "\u2028", "😀")])
def test_what_is_hashed_is_canonical_json_whatever_stands_in_it(values):
    """The template that makes it fast writes the bytes that `canonical_json` writes."""
    rows: list[Entry] = []
    for number, (time, kind, payload) in enumerate(sorted(values, key=lambda item: item[0]), 1):
        parts = {"ledger": LEDGER, "payload": payload, "seq": number, "time": time, "type": kind}
        leaf = sha256(b"\0" + canonical_json({"format": "policy-entry/1", **parts})).digest()
        chain = sha256((rows[-1].chain if rows else start_chain(LEDGER)) + leaf).digest()
        rows.append(Entry(number, time, kind, payload, leaf, chain))
    for batch in (1, 3, 100):
        found = scan(rows, batch=batch)
        assert said(found) == []
        assert found.tree.root() == root_of([row.leaf for row in rows])


def test_texts_that_imitate_the_template_are_no_other_entry():
    honest = make_entries(1)[0]
    # The same bytes, if nobody looked for quotation marks.
    forged = honest._replace(payload=f'{PAYLOAD}","seq":1,"time":"{honest.time}","type":"note"}}', type="", time="")
    assert said(scan([forged])) == [("leaf", 1)]


@given(st.integers(0, 40), st.lists(st.integers(0, 40)), st.integers(1, 9))
def test_roots_at_the_sizes_that_are_asked_for(size, sizes, batch):
    rows = make_entries(size)
    found = scan(rows, sizes, batch)
    leaves = [row.leaf for row in rows]
    assert found.roots == {asked: root_of(leaves[:asked]) for asked in sizes if asked <= size}
    assert (found.tree.size, found.chain) == (size, rows[-1].chain if rows else start_chain(LEDGER))
    assert said(found) == []


@given(st.integers(0, 20), st.integers(0, 20))
def test_reading_goes_on_where_it_ended(first, more):
    rows = make_entries(first + more)
    before = scan(rows[:first])
    tree = CompactRange(first, before.tree.frontier)
    after = Scan(LEDGER, [first], Start(before.chain, before.time, tree)).read([rows[first:]])
    assert said(after) == []
    assert after.tree.root() == root_of([row.leaf for row in rows])
    assert after.roots == {first: before.tree.root()}


def replace(rows, seq, **values):
    return [row._replace(**values) if row.seq == seq else row for row in rows]


ROWS = make_entries(10)
CHANGED = {
    "time": (replace(ROWS, 5, time="2026-11-20T10:00:04.001Z"), [("leaf", 5)]),
    "type": (replace(ROWS, 5, type="vote"), [("leaf", 5)]),
    "payload": (replace(ROWS, 5, payload=f"{PAYLOAD[:-1]}b"), [("leaf", 5)]),
    "leaf": (replace(ROWS, 5, leaf=bytes(32)), [("leaf", 5)]),
    "chain": (replace(ROWS, 5, chain=bytes(32)), [("chain", 5), ("chain", 6)]),
    "the last chain": (replace(ROWS, 10, chain=bytes(32)), [("chain", 10)]),
    "the first": (replace(ROWS, 1, type="vote"), [("leaf", 1)]),
    "a missing one": (ROWS[:4] + ROWS[5:], [("gap", 5)]),
    "several missing": (ROWS[:3] + ROWS[6:], [("gap", 4)]),
    "the first missing": (ROWS[2:], [("gap", 1)]),
    "one that comes twice": (ROWS[:5] + ROWS[4:], [("order", 5)]),
    "one before the first": ([ROWS[0]._replace(seq=0), *ROWS], [("order", 0), ("moved", 0), ("chain", 1)]),
    "moved": (
        [*ROWS[:4], ROWS[5]._replace(seq=5), ROWS[4]._replace(seq=6), *ROWS[6:]],
        [("time", 6), ("moved", 5), ("moved", 6), ("chain", 7)],
    ),
    "an empty time": (replace(ROWS, 5, time=""), [("time", 5), ("leaf", 5)]),
    "a time that is none": (replace(ROWS, 5, time=None), [("form", 5), ("time", 5), ("leaf", 5)]),
    "a payload that is none": (replace(ROWS, 5, payload=b"x"), [("form", 5), ("leaf", 5)]),
    "a type that is a number": (replace(ROWS, 5, type=7), [("form", 5), ("leaf", 5)]),
    "half a character": (replace(ROWS, 5, type="\udcff"), [("form", 5), ("leaf", 5)]),
    "a leaf that is too short": (replace(ROWS, 5, leaf=b"x"), [("form", 5), ("leaf", 5)]),
    "a leaf that is a text": (replace(ROWS, 5, leaf="x"), [("form", 5), ("leaf", 5)]),
    "a chain that is none": (replace(ROWS, 5, chain=None), [("form", 5), ("chain", 6)]),
}


@pytest.mark.parametrize("batch", [1, 4, 100])
@pytest.mark.parametrize("case", CHANGED)
def test_what_is_wrong_is_named(case, batch):
    rows, expected = CHANGED[case]
    found = said(scan(rows, batch=batch))
    assert sorted(found) == sorted(expected)


def test_the_messages_name_the_entries():
    messages = [finding.message for finding in scan(CHANGED["several missing"][0]).findings.kept]
    assert messages == ["entries 4 to 6 are missing"]
    messages = [finding.message for finding in scan(CHANGED["moved"][0]).findings.kept]
    assert "entry 5 was moved: it holds what was entry 6" in messages


def test_an_older_entry_is_found_across_batches():
    values = ["2026-11-20T10:00:02.000Z", "2026-11-20T10:00:03.000Z", "2026-11-20T10:00:01.000Z"]
    rows = make_entries(3, lambda number: (values[number], "note", PAYLOAD))
    for batch in (1, 2, 3):
        assert said(scan(rows, batch=batch)) == [("time", 3)]


def test_a_ledger_of_another_id_fits_nowhere():
    found = Scan("f" * 32).read([ROWS])
    assert {kind for kind, _ in said(found)} == {"leaf"}
    assert found.findings.total == len(ROWS)


def test_endless_findings_are_counted_and_not_kept():
    rows = [row._replace(leaf=bytes(32)) for row in make_entries(300)]
    found = scan(rows, batch=64)
    assert (found.findings.total, len(found.findings.kept)) == (300, MOST_FINDINGS)
    assert found.findings.kept[0].seq == 1


def test_entries_about_the_ledger_itself_are_set_aside():
    kinds = ["note", "key", "note", "erasure", "keys"]
    rows = make_entries(5, lambda number: (TIME.format(number), kinds[number], PAYLOAD))
    assert scan(rows).special == [(2, "key", PAYLOAD), (4, "erasure", PAYLOAD)]
