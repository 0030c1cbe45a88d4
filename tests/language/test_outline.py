"""A condition as a list says what the sentence says, and needs no brackets."""

from __future__ import annotations

import re

import pytest
from hypothesis import given

from policy.language.outline import Outline, outline_condition
from policy.language.phrases import Markup
from policy.language.prose import ProseWriter
from tests.building import make_policy
from tests.strategies import policies


def outline(text: str, *, must: bool = False) -> Outline:
    return outline_condition(make_policy(f"require: {text}\n").require, ProseWriter({}), must=must)


def say(outline: Outline, depth: int = 0) -> list[str]:
    """The outline as indented lines, a group by its word."""
    line = f"{'  ' * depth}{' '.join(filter(None, (outline.text, outline.word)))}"
    return [line, *(inner for part in outline.parts for inner in say(part, depth + 1))]


OUTLINES = [
    ("{stage: pilot}", ["stage must be pilot"]),
    ("{stage: pilot, approach: rag}", ["all", "  stage must be pilot", "  approach must be rag"]),
    ("{data.rows: {at_least: 1, at_most: 9}}", ["data.rows must be at least 1 and at most 9"]),
    ("{present: [owner.team, owner.contact]}", ["owner.team and owner.contact must be stated"]),
    (
        "{any: [{stage: pilot}, {approach: rag, data.rows: 5}]}",
        ["any", "  stage must be pilot", "  all", "    approach must be rag", "    data.rows must be 5"],
    ),
    (
        "{not: {any: [{stage: pilot}, {not: {approach: rag}}]}}",
        ["all", "  stage must not be pilot", "  approach must be rag"],
    ),
    ("{all: [{stage: pilot}, {stage: pilot}]}", ["stage must be pilot"]),
    # Lists of records: a sentence where it needs no brackets.
    (
        "{tried: {some: {approach: rag, score: 1}}}",
        ["tried must hold an entry where its approach is rag and its score is 1"],
    ),
    (
        "{tried: {some: {any: [{approach: rag}, {approach: few-shot, score: 1}]}}}",
        [
            "tried must hold an entry of which any",
            "  its approach is rag",
            "  all",
            "    its approach is few-shot",
            "    its score is 1",
        ],
    ),
    (
        "{not: {tried: {some: {any: [{approach: rag}, {approach: few-shot, score: 1}]}}}}",
        [
            "tried must hold no entry of which any",
            "  its approach is rag",
            "  all",
            "    its approach is few-shot",
            "    its score is 1",
        ],
    ),
    (
        "{data.sources: {each: {where: {split: train}, require: {license: mit, rows: 5}}}}",
        [
            "for every entry of data.sources where its split is train all",
            "  its license must be mit",
            "  its rows must be 5",
        ],
    ),
    (
        "{data.sources: {each: {require: {license: mit}}}}",
        ["for every entry of data.sources, its license must be mit"],
    ),
    (
        "{tried: {count: {where: {approach: rag}, at_least: 1}}}",
        ["the number of entries of tried where their approach is rag must be at least 1"],
    ),
]


@pytest.mark.parametrize(("text", "lines"), OUTLINES)
def test_a_requirement_as_a_list(text, lines):
    assert say(outline(text, must=True)) == lines


def test_names_and_values_are_marked_and_nothing_else():
    markup = Markup(lambda name: f"<{name}>", lambda value: f"[{value}]", lambda text: f"({text})")
    policy = make_policy(
        "require: {tried: {some: {approach: rag}}, model.base: {one_of: {param: known}}, release.license: "
        "{equals: {field: model.license}}}\nparams: {known: {default: [a, b]}}\n"
    )
    found = outline_condition(policy.require, ProseWriter({"known": ("a", "b")}, markup=markup))
    assert say(found)[1:] == [
        "  <tried> holds an entry where its <approach> is [rag]",
        "  <model.base> is (a) or (b) (<known>)",
        "  <release.license> is the same as <model.license>",
    ]


@given(policies())
def test_every_field_of_the_sentence_is_in_the_list(policy):
    params = {spec.name: spec.default for spec in policy.params if spec.default is not None}
    prose = ProseWriter(params)
    for condition in (policy.when, policy.require):
        lines = "\n".join(say(outline_condition(condition, prose)))
        words = re.findall(r"[a-z_]+\.[a-z_]+", prose.say(condition))
        assert set(words) <= set(re.findall(r"[a-z_]+\.[a-z_]+", lines))
