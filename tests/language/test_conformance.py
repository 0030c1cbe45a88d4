"""The conformance corpus: what every engine of the language must answer, run on both of ours."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

from policy.errors import PolicyError, Problem
from policy.language.cases import DEFAULT_TIME, read_case
from policy.language.compiler import compile_policy
from policy.language.interpreter import evaluate, judge_policy, make_scope
from policy.language.policies import read_policy
from policy.language.vocabulary import COMBINATORS, QUANTIFIERS, TESTS
from policy.model.facts import Facts
from policy.model.fields import SCHEMA
from policy.model.policy import Case, Policy
from policy.source.node import Document, Mapping, Node, Scalar, Sequence
from policy.source.yaml_reader import read_yaml_file

FOLDER = Path(__file__).resolve().parent.parent / "cases" / "language"
OUTCOMES = {"true": "pass", "false": "fail", "unknown": "unknown"}
# Keys of the corpus, and what they are called in a policy and in its cases.
ABOUT_POLICY = {
    **{key: key for key in ("when", "require", "params")},
    "condition": "require",
    "observed_only": "observed",
}
ABOUT_FACTS = {
    **{key: key for key in ("given", "observed", "attested", "estimated")},
    **{key: key for key in ("absent", "complete", "timed_out", "at")},
    "set_params": "params",
}
EXPECTED = ("expect", "value", "error")
KEYS = {"name", "error_at", *EXPECTED, *ABOUT_POLICY, *ABOUT_FACTS}


class Entry(NamedTuple):
    """One case of the corpus, and the file that it stands in."""

    document: Document
    node: Mapping

    def get(self, key: str) -> str:
        value = self.node.get(key)
        return value.text if isinstance(value, Scalar) else ""

    @property
    def id(self) -> str:
        return f"{Path(self.document.file).stem}: {self.get('name')}"


def read_corpus() -> list[Entry]:
    entries = []
    for path in sorted(FOLDER.glob("*.yaml")):
        document = read_yaml_file(str(path), path.name)
        assert isinstance(document.root, Mapping)
        cases = document.root.get("cases")
        assert isinstance(cases, Sequence), path.name
        entries += [Entry(document, node) for node in cases if isinstance(node, Mapping)]
    return entries


CORPUS = read_corpus()
JUDGED = [entry for entry in CORPUS if not entry.get("error")]
REFUSED = [entry for entry in CORPUS if entry.get("error")]


def write_scalar(text: str) -> Scalar:
    return Scalar(text, True, 1, 1, 1, 1)


def select(entry: Entry, keys: dict[str, str], **more: str) -> Mapping:
    """What the case says under these keys, by the names they have in a policy, and more beside it."""
    entries: dict[str, tuple[Scalar, Node]] = {}
    for name, text in more.items():
        entries[name] = (write_scalar(name), write_scalar(text))
    for key, name in keys.items():
        if key in entry.node.entries:
            entries[name] = entry.node.entries[key]
    node = entry.node
    return Mapping(entries, node.line, node.column, node.end_line, node.end_column)


def read_entry(entry: Entry) -> tuple[Policy, Case]:
    """The policy that the case is about, and what is known in it."""
    file = entry.document.file
    root = select(entry, ABOUT_POLICY, policy="case", title="A case", severity="low", effect="flag")
    policy = read_policy(Document(file, entry.document.text, root))
    return policy, read_case(select(entry, ABOUT_FACTS, expect="pass"), policy.params, SCHEMA, file)


def place_of(problem: Problem, entry: Entry) -> str:
    """The rest of the line that the problem points to."""
    assert problem.location is not None
    return entry.document.text.splitlines()[problem.location.line - 1][problem.location.column - 1 :]


@pytest.mark.parametrize("entry", JUDGED, ids=[entry.id for entry in JUDGED])
def test_both_engines_answer_what_the_corpus_says(entry):
    policy, case = read_entry(entry)
    defaults = {spec.name: spec.default for spec in policy.params if spec.default is not None}
    params = {**defaults, **case.params}
    facts = Facts(case.claims, unavailable=dict.fromkeys(case.timed_out, "timed out"))
    today = (case.at or DEFAULT_TIME).date()
    expected = entry.get("expect") or OUTCOMES[entry.get("value")]
    if entry.get("value"):
        truth = evaluate(policy.require, make_scope(policy, params, facts, today))
        assert {True: "true", False: "false", None: "unknown"}[truth] == entry.get("value")
    assert judge_policy(policy, params, facts, today) == expected
    judge = compile_policy(policy, params)
    assert judge(facts.values, facts.proven_values, facts.unavailable, today) == expected


@pytest.mark.parametrize("entry", REFUSED, ids=[entry.id for entry in REFUSED])
def test_a_case_that_is_wrong_is_refused_where_it_is_wrong(entry):
    with pytest.raises(PolicyError) as caught:
        read_entry(entry)
    problems = caught.value.problems
    pattern, token = re.compile(entry.get("error"), re.IGNORECASE), entry.get("error_at")
    fitting = [problem for problem in problems if pattern.search(f"{problem.message}\n{problem.remedy}")]
    assert fitting, problems
    assert any(place_of(problem, entry).startswith(token) for problem in fitting)


def test_the_corpus_is_large():
    assert len(CORPUS) >= 1000
    assert len(REFUSED) >= 200


def test_every_file_says_its_format_and_what_it_is_about():
    for document in {entry.document.file: entry.document for entry in CORPUS}.values():
        assert isinstance(document.root, Mapping)
        assert list(document.root.entries) == ["conformance", "about", "cases"], document.file
        assert isinstance(version := document.root.get("conformance"), Scalar)
        assert version.text == "1"


def test_every_case_has_a_name_of_its_own_in_its_file():
    assert [name for name, count in Counter(entry.id for entry in CORPUS).items() if count > 1] == []
    assert [entry.id for entry in CORPUS if not entry.get("name")] == []


def test_every_case_has_known_keys_and_expects_one_thing():
    for entry in CORPUS:
        assert entry.node.entries.keys() <= KEYS, entry.id
        assert sum(key in entry.node.entries for key in EXPECTED) == 1, entry.id
        assert ("condition" in entry.node.entries) != ("require" in entry.node.entries), entry.id
        if "value" in entry.node.entries:
            assert "condition" in entry.node.entries, entry.id
            assert entry.get("value") in OUTCOMES, entry.id


def find_words(node: Node | None) -> set[str]:
    """Every key and every short form in a condition, as the words of the language."""
    if isinstance(node, Sequence):
        return {word for item in node for word in find_words(item)}
    if not isinstance(node, Mapping):
        return set()
    words = set(node.entries)
    for key, value in node:
        if key.text in SCHEMA.fields and not isinstance(value, Mapping):
            words.add("one_of" if isinstance(value, Sequence) else "equals")
        words |= find_words(value)
    return words


@pytest.mark.parametrize("word", [*COMBINATORS, *TESTS, *QUANTIFIERS])
def test_every_word_is_seen_in_all_three_values(word):
    outcomes = {name: truth for truth, name in OUTCOMES.items()}
    seen = {
        entry.get("value") or outcomes.get(entry.get("expect"), "")
        for entry in JUDGED
        if "when" not in entry.node.entries
        if word in find_words(entry.node.get("condition") or entry.node.get("require"))
    }
    assert seen >= {"true", "false", "unknown"}
