"""Places in a line, oddities, and the outline of a row."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.evidence.job_files.decoding import RowDecoder
from policy.evidence.job_files.oddities import find_oddities
from policy.evidence.job_files.outlines import draw_outline
from policy.evidence.job_files.places import find_places

TEXT = '{"a": [1, {"b\\u0063": "]}"}, [ ]] , "d":{}}'
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=10,
)


def list_paths(value, path=()):
    yield path
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in pairs:
        yield from list_paths(inner, (*path, step))


@pytest.mark.parametrize(
    ("path", "index"),
    [((), 0), (("a",), 1), (("a", 0), 7), (("a", 1), 10), (("a", 1, "bc"), 11), (("a", 2), 29), (("d",), 36)],
)
def test_a_path_leads_to_a_key_or_an_element(path, index):
    assert find_places(TEXT, [path]) == {path: index}


def test_of_a_key_given_twice_the_last_counts():
    assert find_places('{"a": 1, "a": 2}', [("a",)]) == {("a",): 9}


@given(value=VALUES, indent=st.sampled_from([None, 0, 2]), ascii_only=st.booleans())
def test_every_path_leads_to_what_stands_there(value, indent, ascii_only):
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    paths = list(list_paths(value))
    places = find_places(text, paths)
    assert set(places) == set(paths)
    for path, index in places.items():
        found, _ = json.JSONDecoder().raw_decode(text, index)
        if path and isinstance(path[-1], str):
            assert found == path[-1]
        else:
            held = value
            for step in path:
                held = held[step]
            assert found == held


@given(value=VALUES)
def test_json_that_is_written_by_a_library_is_not_odd(value):
    decoder = RowDecoder()
    assert decoder.read(json.dumps(value).encode(), 1) == value
    assert list(find_oddities(json.dumps(value))) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"a": 1, "a": 1}', [("duplicate-key", 9)]),
        ('{"a": 1, "\\u0061" : 1}', [("duplicate-key", 9)]),
        ('{"a": {"a": 1}, "b": [{"a": 1}, {"a": 1}], "c": "a"}', []),
        ('[{"a": {"b": 1}, "b": "a:", "a": "b"}]', [("duplicate-key", 28)]),
        (r'{"a": "\ud800"}', [("half-character", 6)]),
        (r'{"\udfff": "\ud83d\ude00"}', [("half-character", 1)]),
        (r'["\\ud800", "\"\ude00"]', [("half-character", 12)]),
    ],
)
def test_oddities_are_found_and_the_decoder_suspects_them(text, found):
    decoder = RowDecoder()
    decoder.read(text.encode(), 1)
    assert decoder.is_odd or not found
    assert [(violation.rule, violation.offset) for violation in find_oddities(text)] == found


@pytest.mark.parametrize(
    ("path", "shown", "marked"),
    [
        ((), '{"a": …, "d": …}', "{"),
        (("a",), '{"a": …, …}', '"a"'),
        (("d",), '{…, "d": …}', '"d"'),
        (("a", 0), '{"a": […, …], …}', "…"),
        (("a", 1), '{"a": […, {"bc": …}, …], …}', "{"),
        (("a", 1, "bc"), '{"a": […, {"bc": …}, …], …}', '"bc"'),
        (("a", 2), '{"a": […, []], …}', "["),
    ],
)
def test_an_outline_shows_the_way_and_no_value(path, shown, marked):
    line, carets = draw_outline(json.loads(TEXT), path)
    assert line == shown
    assert line[carets.index("^") : len(carets)] == marked


@given(value=VALUES, data=st.data())
def test_an_outline_holds_keys_only(value, data):
    path = data.draw(st.sampled_from(list(list_paths({"row": value, "secret": "Jane Doe", "list": ["555-0199"]}))))
    line, carets = draw_outline({"row": value, "secret": "Jane Doe", "list": ["555-0199"]}, path)
    assert "Jane" not in line
    assert "555" not in line
    assert "\n" not in line
    assert set(carets) == {" ", "^"} or set(carets) == {"^"}
