from __future__ import annotations

import re

import pytest

from policy.errors import Problem
from policy.model.decision import Subject
from policy.reports.evidence.text import TextEvidence
from policy.reports.evidence.view import Counts, EvidenceContext
from policy.source.display import measure_width
from tests.building import make_facts, make_policy
from tests.reports.evidence.views import CONTEXT, make_view

DECLARED = """\
project: reply-tone
approach: fine-tuning
owner: {team: support-ml, contact: team@example.com}
needs: {citations: true}
data:
  rows: 1000
  sources:
    - {path: data/train.jsonl, rows: 1000, license: mit}
    - {path: data/test.jsonl, split: test}
model: {base: a-model-with-a-name/that-is-longer-than-the-column}
training: {epochs: 3}
tried: [{approach: few-shot, results: evals/few-shot.json}]
evaluation: {tuned: 0.8, baseline: 0.5}
"""
OBSERVED = """\
approach: fine-tuning
data.rows: 934
data.sources: [{path: data/train.jsonl, rows: 934}]
training.epochs: 3
"""
CARD = make_policy("policy: card\nrequire: {release.model_card: {present: true}}\n")
OVERLAP = make_policy("policy: overlap\nrequire: {data.overlap_rate: {at_most: 0.1}, stage: pilot}\n")


def make_text(facts, *policies, colour=False, everything=False):
    view = make_view(facts, *policies, everything=everything)
    return TextEvidence().show(view, CONTEXT._replace(colour=colour))


def make_whole(**options):
    unavailable = {"data.overlap_rate": "no source is for evaluation", "data.tokens": "the file is too large"}
    facts = make_facts(
        DECLARED, observed=OBSERVED, estimated="data.tokens: 7", absent=("model.revision",), unavailable=unavailable
    )
    return make_text(facts, CARD, OVERLAP, **options)


def test_the_whole_of_one_project(snapshot):
    snapshot("evidence/whole.txt", make_whole())


def test_no_line_is_wider_than_eighty_columns():
    assert max(measure_width(line) for line in make_whole().splitlines()) <= 80
    assert not any(line.endswith(" ") for line in make_whole().splitlines())


def test_colour_changes_no_character():
    coloured = make_whole(colour=True)
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == make_whole()


def test_what_contradicts_is_marked_in_the_margin_on_both_lines():
    lines = make_text(make_facts("data: {rows: 1000, bytes: 5}", observed="data.rows: 934")).splitlines()
    marked = [line.split() for line in lines if line.startswith("!")]
    assert [words[1] for words in marked] == ["rows", "1,000"]
    assert marked[0][2] == "934"
    assert "    data.rows is declared as 1000, and observed as 934 (training config)" in lines


def test_a_value_that_several_tell_is_said_once():
    lines = make_text(make_facts("training: {epochs: 3}", observed="training.epochs: 3")).splitlines()
    at = next(number for number, line in enumerate(lines) if "training.epochs" in line)
    assert lines[at].split()[1:3] == ["3", "observed"]
    assert lines[at + 1].split()[0] == "declared"


def test_a_section_of_one_fact_needs_no_heading():
    text = make_text(make_facts("needs: {citations: true}\nowner: {team: a, contact: b}"))
    assert re.search(r"^  needs\.citations +true", text, re.MULTILINE)
    assert re.search(r"^  owner\n    team +a", text, re.MULTILINE)


def test_records_are_numbered_from_one():
    text = make_text(make_facts("tried: [{approach: rag, score: 1}, {approach: few-shot}]"))
    assert re.search(
        r"^  tried: 2 entries\n    1\. approach +rag.*\n       score +1 .*\n    2\. approach", text, re.MULTILINE
    )


def test_an_empty_list_is_stated_all_the_same():
    assert re.search(r"^  tried +none +declared", make_text(make_facts("tried: []")), re.MULTILINE)


@pytest.mark.parametrize(
    "value", ["a" * 300, "wide 機械学習 " * 12, "\x1b[2J\x1b[31m", "tab\there", "\u202e reversed", "x y " * 60]
)
def test_hostile_values_stay_on_their_lines(value):
    facts = make_facts("project: a")
    claims = [claim._replace(value=value) for claim in facts.claims]
    text = make_text(make_facts("project: b").with_claims(claims))
    assert all(character == "\n" or character.isprintable() for character in text)
    wide = [line for line in text.splitlines() if measure_width(line) > 80]
    # A word is never broken, for it may be copied.
    assert all(len(line.replace("!", "").split()) <= 2 for line in wide)


def test_a_subject_without_a_manifest_is_told_to_write_one():
    facts = make_facts(observed="training.seed: 1", subject=Subject("train/a.yaml", None, "train/a.yaml"))
    text = make_text(facts, CARD, OVERLAP)
    assert text.startswith("train/a.yaml\n  train/a.yaml (no manifest)\n")
    assert "    no manifest covers this: stage, data.overlap_rate and release.model_card\n" in text
    assert "`policy init` drafts it" in text


# What is not known


def test_what_can_be_stated_is_apart_from_what_was_sought():
    text = make_whole()
    stated, sought = text.index("not stated in the manifest"), text.index("  not known\n")
    assert stated < text.index("release.model_card (card): the model card of the release") < sought
    assert sought < text.index("data.overlap_rate (overlap): no source is for evaluation")


def test_what_was_sought_in_vain_is_grouped_by_the_reason_where_nobody_asks():
    reasons = dict.fromkeys(("data.rows", "data.bytes"), "the disk is full") | {"data.tokens": "too slow"}
    text = make_text(make_facts("project: a", unavailable=reasons))
    assert "    data.rows and data.bytes: the disk is full\n" in text
    assert "    data.tokens: too slow\n" in text


def test_what_nobody_asks_for_is_counted_and_named_with_all():
    counted, named = make_text(make_facts("project: a")), make_text(make_facts("project: a"), everything=True)
    (count,) = re.findall(r"(\d+) more that no policy", counted)
    assert int(count) > 60
    assert "more that no policy" not in named
    assert "owner.team" not in counted
    assert "owner.team" in named


# The last line


def finish(counts, *problems):
    return TextEvidence().finish(counts, problems, EvidenceContext(lambda file: file))


def test_the_counts():
    counts = Counts()
    counts.add(make_view(make_facts("data: {rows: 1000}", observed="data.rows: 934"), CARD, OVERLAP))
    counts.add(make_view(make_facts("project: a")))
    assert finish(counts) == "\n2 subjects, 5 facts · 1 contradiction · 3 not known\n"


def test_nothing_found_is_said_and_problems_are_counted():
    error, warning = Problem("wrong"), Problem("odd", level="warning")
    assert finish(Counts()) == "no facts: there is no ml-manifest.yaml, and nothing that trains\n"
    said = " ".join(finish(Counts(), error, warning, warning).split())
    assert said.startswith("no facts · 1 problem"), "what is broken may be the manifest"
    assert said.endswith(" · 1 problem with the input (on standard error) · 2 warnings (on standard error)")
