from __future__ import annotations

import pytest

from policy.errors import PolicyError
from policy.loading.policy_text import cut_cases, read_policy_document
from policy.source.node import Mapping

HEAD = b"policy: a\nbecause: >\n  cases: are told\n"
CASES = b"cases:\n# first\n  - {given: {}, expect: pass}\n\n- {given: {}, expect: fail}\n-\n"


def read_root(file, *, with_cases):
    """The root of a policy file, a mapping, and its text."""
    document = read_policy_document(str(file), "a.yaml", with_cases=with_cases)
    assert isinstance(document.root, Mapping)
    return document.root, document.text


def test_only_cases_at_the_end_are_cut():
    assert cut_cases(HEAD + CASES) == HEAD
    assert cut_cases(HEAD + b"cases: []") == HEAD
    assert cut_cases(HEAD + CASES + b"equivalent:\n  - {mutant: a, because: b}\n") == HEAD
    assert cut_cases(HEAD + CASES + b"equivalent: []\n") == HEAD


@pytest.mark.parametrize(
    "data",
    [
        HEAD,
        b"cases: []\npolicy: a\n",
        HEAD + CASES + b"severity: low\n",
        HEAD + CASES + b"-x: low\n",
        HEAD + CASES + b"--- {}\n",
        HEAD + CASES + b"...\n",
        HEAD + CASES + b"cases: []\n",
        HEAD + CASES + b"equivalent:\npolicy: a\n",
        HEAD + CASES + b"equivalently: a\n",
        HEAD + CASES + b"equivalent:[]\n",
        HEAD + b"cases:[]\n",
        HEAD + b"cases: []\rseverity: low\n",
        HEAD + "cases: []\u2028severity: low\n".encode(),
        HEAD + b"cases: [] # \x07\n",
        HEAD + b"cases: [] # \xff\n",
    ],
)
def test_where_it_is_not_certain_nothing_is_cut(data):
    assert cut_cases(data) is None


@pytest.mark.parametrize("text", ['because: "one\ncases:\n two"\n', "instead: [one,\ncases:\n two]\n"])
def test_a_line_inside_a_value_is_part_of_it(tmp_path, text):
    file = tmp_path / "a.yaml"
    file.write_text(f"policy: a\n{text}")
    (short, short_text), (whole, whole_text) = (read_root(file, with_cases=cases) for cases in (False, True))
    assert list(short.entries) == list(whole.entries)
    assert short_text == whole_text


def test_problems_are_those_of_the_whole_file(tmp_path):
    file = tmp_path / "a.yaml"
    file.write_text("policy: a\npolicy: b\ncases:\n  - {given: {}, given: {}}\n")
    with pytest.raises(PolicyError) as caught:
        read_policy_document(str(file), "a.yaml", with_cases=False)
    assert [str(problem.location) for problem in caught.value.problems] == ["a.yaml:2:1", "a.yaml:4:17"]


def test_positions_before_the_cases_stay(tmp_path):
    file = tmp_path / "a.yaml"
    file.write_bytes(HEAD + b"cases:\n  - {given: {}, expect: pass}\n")
    (short, _), (whole, _) = (read_root(file, with_cases=cases) for cases in (False, True))
    assert "cases" not in short.entries
    assert "cases" in whole.entries
    for key, (_, node) in short.entries.items():
        assert node.location("a.yaml") == whole.entries[key][1].location("a.yaml")
