"""A baseline that is not as it was written: every fault with its place, and never a finding too many that is known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.errors import Location, PolicyError
from policy.loading.baselines import LIMITS, mark_entry, read_baseline
from policy.source.file import read_bytes

FILE = ".policy-baseline.json"
GOLDEN = Path(__file__).parents[1] / "golden" / "policy-baseline-1.json"
TEXT = GOLDEN.read_text(encoding="utf-8")
LINES = TEXT.splitlines()


def refuse(text: str | bytes) -> list[str]:
    """What is wrong, as `line:column message`."""
    with pytest.raises(PolicyError) as caught:
        read_baseline(text.encode() if isinstance(text, str) else text, FILE)
    assert all(problem.remedy or "JSON" not in problem.message for problem in caught.value.problems)
    places = [problem.location or Location("") for problem in caught.value.problems]
    assert {place.file for place in places} == {FILE}
    return [
        f"{place.line}:{place.column} {problem.message}"
        for place, problem in zip(places, caught.value.problems, strict=True)
    ]


def edit(**changes: Any) -> str:
    """The kept file with other values in its first finding; one of `...` is taken out."""
    document = json.loads(TEXT)
    first = {key: value for key, value in {**document["findings"][0], **changes}.items() if value is not ...}
    return "\n".join([*LINES[:4], f"    {json.dumps(first)},", *LINES[5:]]) + "\n"


def test_every_fingerprint_belongs_to_its_entry():
    baseline = read_baseline(TEXT.encode(), FILE)
    assert all(mark_entry(entry) == entry.fingerprint for entry in baseline.entries)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "1:1 the baseline is not JSON: expecting value"),
        ("{", "1:2 the baseline is not JSON: expecting property name enclosed in double quotes"),
        ("nonsense", "1:1 the baseline is not JSON: expecting value"),
        (TEXT.replace("[\n", "[\n<<<<<<< HEAD\n", 1), "5:1 the baseline is not JSON: expecting value"),
        (TEXT[:-4], None),
        (TEXT + "{}", None),
        ("[]", "1:1 the baseline is not a JSON object"),
        ("null", "1:1 the baseline is not a JSON object"),
        ("NaN", "1:1 the baseline is not JSON: NaN is no value of JSON"),
        ('{"format": Infinity}', "1:1 the baseline is not JSON: Infinity is no value of JSON"),
        ("[" * 100_000, "1:1 the baseline is nested too deeply"),
        ('{"a":' * 100_000, "1:1 the baseline is nested too deeply"),
        ("9" * 10_000, None),
        ("{}", "1:1 the format of the baseline is not said; this version reads policy-baseline/1"),
        ('{"format": 1}', "1:2 the format of the baseline is not said; this version reads policy-baseline/1"),
        (
            TEXT.replace("baseline/1", "baseline/2"),
            "2:3 the format of the baseline is `policy-baseline/2`; this version reads policy-baseline/1",
        ),
        (b"\xff\xfe{\x00", None),
        (b'{"format": "\xe9"}', None),
        (b"\x00\x01", None),
    ],
)
def test_what_is_no_baseline_is_refused_at_once(text, said):
    (found,) = refuse(text)
    assert said is None or found == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (TEXT.replace('"findings"', '"finding"'), ["4:3 `finding` is no key of a baseline"]),
        (TEXT.replace('"policy_sets"', '"findings": [], "policy_sets"'), ["4:3 the key `findings` stands there twice"]),
        (TEXT.replace('"check": "sha', '"nightly": "sha'), ["3:3 `policy_sets` is not a digest for each gate"]),
        (TEXT.replace("sha256:", "md5:"), ["3:3 `policy_sets` is not a digest for each gate"]),
        (edit(effekt="flag"), ["`effekt` is no key of a finding"]),
        (edit(effect=...), ["the finding has no `effect`"]),
        (edit(policy=""), ["`policy` is not the id of a policy"]),
        (edit(policy=None), ["`policy` is not the id of a policy"]),
        (edit(project=3), ["`project` is not the name of a project, or null for what no manifest names"]),
        (edit(gate="release"), ["`gate` is not one of check, commit, ci"]),
        (edit(gate="run"), ["`gate` is not one of check, commit, ci"]),
        (edit(gate=[]), ["`gate` is not one of check, commit, ci"]),
        (edit(outcome="waived"), ["`outcome` is not one of fail, unknown, error, contradiction"]),
        (edit(effect="deny"), ["`effect` is not null or one of advise, flag, hold, block"]),
        (edit(severity={}), ["`severity` is not null or one of low, medium, high, critical"]),
        (edit(values=[["a"]]), ["`values` is not a list of pairs of field and value"]),
        (edit(values={"a": "b"}), ["`values` is not a list of pairs of field and value"]),
        (edit(traits=[["a", 1]]), ["`traits` is not a list of pairs of field and value"]),
        (edit(since="2026-02-30"), ["`since` is not a day, such as 2026-11-20"]),
        (edit(since="yesterday"), ["`since` is not a day, such as 2026-11-20"]),
        (edit(since=20261120), ["`since` is not a day, such as 2026-11-20"]),
        (edit(fingerprint="0" * 63), ["`fingerprint` is not a fingerprint: 64 hexadecimal digits"]),
        (edit(fingerprint="0" * 64), ["the fingerprint does not belong to what the entry says of"]),
        (edit(effect=..., since=1), ["the finding has no `effect`", "`since` is not a day, such as 2026-11-20"]),
    ],
)
def test_every_fault_is_said_where_it_is(text, said):
    found = refuse(text)
    for expected in said:
        place, _, message = next(line for line in found if expected in line).partition(" ")
        assert message.startswith(expected.partition(" ")[2] if expected[0].isdigit() else expected)
        assert place == expected.partition(" ")[0] if expected[0].isdigit() else place.startswith("5:")


@pytest.mark.parametrize("name", ["policy", "project", "outcome", "traits", "values"])
def test_an_entry_whose_words_are_changed_by_hand_covers_nothing(name):
    changed = {"outcome": "error", "traits": [["model.base", "other"]], "values": [["data.rows", "1"]]}
    (said,) = refuse(edit(**{name: changed.get(name, "other")}))
    assert "the fingerprint does not belong to what the entry says of" in said
    column = int(said.partition(" ")[0].partition(":")[2])
    line = edit(**{name: changed.get(name, "other")}).splitlines()[4]
    assert line[column - 1 :].startswith('"fingerprint"')


def test_a_key_is_found_beside_a_value_that_looks_like_it():
    line = '    {"policy": "\\"since\\": values", "values": 1, "since": 2},'
    text = "\n".join([*LINES[:4], line, *LINES[5:]])
    found = [said for said in refuse(text) if said.startswith("5:")]
    values, since = line.index(', "values"') + 3, line.index(', "since"') + 3
    assert f"5:{values} `values` is not a list of pairs of field and value" in found
    assert f"5:{since} `since` is not a day, such as 2026-11-20" in found


def test_all_faults_are_said_together():
    text = "\n".join([*LINES[:3], *(line.replace('"since"', '"sinse"') for line in LINES[3:])])
    found = refuse(text)
    count = sum('"fingerprint"' in line for line in LINES)
    assert sum("`sinse` is no key of a finding" in said for said in found) == count
    assert sum("the finding has no `since`" in said for said in found) == count


def test_a_list_of_something_else_is_refused():
    found = refuse(TEXT.replace('"findings": [', '"findings": [1, "a", null, [],'))
    assert found == ["4:3 a finding of the baseline is not a JSON object"] * 4


def test_windows_line_ends_and_a_mark_at_the_beginning_are_read():
    expected = read_baseline(TEXT.encode(), FILE)
    assert read_baseline(b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode(), FILE) == expected
    assert read_baseline(json.dumps(json.loads(TEXT), indent=4).encode(), FILE) == expected


def test_one_that_is_too_large_is_not_read_to_its_end(tmp_path):
    path = tmp_path / FILE
    with path.open("wb") as stream:
        stream.truncate(LIMITS.max_bytes + 1)
    with pytest.raises(PolicyError, match="larger than 67,108,864 bytes"):
        read_bytes(str(path), FILE, LIMITS)


def test_an_object_with_many_keys_costs_no_more_than_its_length():
    keys = ", ".join(f'"k{number}": 0' for number in range(50_000))
    found = refuse(f'{{"format": "policy-baseline/1", "policy_sets": {{}}, "findings": [], {keys}}}')
    assert len(found) == 21
    assert found[-1].endswith("49,980 more keys are no keys of a baseline")


def try_reading(data: bytes) -> set[tuple[object, ...]]:
    """What is known by these bytes; nothing where they are refused, which says why."""
    try:
        baseline = read_baseline(data, FILE)
    except PolicyError as error:
        return set() if error.problems else {("refused without a word",)}
    return {(entry.policy, entry.project, entry.values) for entry in baseline.entries}


@given(st.binary(max_size=200))
def test_no_bytes_make_it_fall(data):
    assert try_reading(data) == set()


@given(st.integers(0, len(TEXT) - 1), st.sampled_from('{}[]",:0a\\ '))
def test_no_single_character_makes_it_fall_or_makes_another_finding_known(position, character):
    edited = TEXT[:position] + character + TEXT[position + 1 :]
    assert try_reading(edited.encode()) <= try_reading(TEXT.encode())
