from __future__ import annotations

import pytest

from policy.errors import PolicyError
from policy.loading.policy_text import cut_cases, read_policy_document

HEAD = b"policy: a\nbecause: >\n  cases: are told\n"
CASES = b"cases:\n# first\n  - {given: {}, expect: pass}\n\n- {given: {}, expect: fail}\n-\n"


def test_only_cases_at_the_end_are_cut():
    assert cut_cases(HEAD + CASES) == HEAD
    assert cut_cases(HEAD + b"cases: []") == HEAD


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
    short, whole = (read_policy_document(str(file), "a.yaml", with_cases=cases) for cases in (False, True))
    assert short.root.get("policy").text == whole.root.get("policy").text
    assert list(short.root.entries) == list(whole.root.entries)
    assert short.text == whole.text


def test_problems_are_those_of_the_whole_file(tmp_path):
    file = tmp_path / "a.yaml"
    file.write_text("policy: a\npolicy: b\ncases:\n  - {given: {}, given: {}}\n")
    with pytest.raises(PolicyError) as caught:
        read_policy_document(str(file), "a.yaml", with_cases=False)
    assert [problem.location.line for problem in caught.value.problems] == [2, 4]


def test_positions_before_the_cases_stay(tmp_path):
    file = tmp_path / "a.yaml"
    file.write_bytes(HEAD + b"cases:\n  - {given: {}, expect: pass}\n")
    short, whole = (read_policy_document(str(file), "a.yaml", with_cases=cases) for cases in (False, True))
    assert "cases" not in short.root.entries
    assert "cases" in whole.root.entries
    for key in short.root.entries:
        assert short.root.get(key).location("a.yaml") == whole.root.get(key).location("a.yaml")
