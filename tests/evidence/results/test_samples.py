from __future__ import annotations

import json
import os
from math import fsum

import pytest

from policy.errors import Problem
from policy.evidence.results import samples
from policy.evidence.results.lm_eval import read_lm_eval
from policy.evidence.results.samples import Sample, are_same, pair_values, read_samples
from tests.evidence.results.building import write_lm_eval, write_samples

FILE = "evals/samples_tone_tuned.jsonl"
RESULT = read_lm_eval(json.loads(write_lm_eval(0.5)), "evals/tuned.json")


@pytest.fixture
def read(plant):
    def run(content, file=FILE):
        problems: list[Problem] = []
        found = read_samples(str(plant({file: content, "evals/tuned.json": "{}"})), RESULT, "tone/style", problems)
        return found, [(problem.level, str(problem.location), problem.message) for problem in problems]

    return run


def test_every_example_is_read(read):
    other = json.dumps({"doc_id": 0, "filter": "strict", "style": 1})
    found, problems = read("\n" + write_samples([0.5, 1.0]) + other + "\n")
    assert found == {0: Sample("d0", "t0", 0.5), 1: Sample("d1", "t1", 1.0)}
    assert problems == []


def test_a_truth_value_is_a_number_and_a_list_is_none(read):
    rows = [{"doc_id": n, "doc_hash": "d", "target_hash": "t", "style": v} for n, v in enumerate([True, [1, 2], None])]
    found, _ = read("\n".join(map(json.dumps, rows)))
    assert [sample.value for sample in found.values()] == [1.0, None, None]


def test_without_a_file_there_are_none(read):
    assert read("", file="evals/other.jsonl") == (None, [])
    assert read("") == (None, [])
    assert read_samples("/", RESULT, "tone/other", []) is None


@pytest.mark.parametrize(
    ("content", "place", "message"),
    [
        ("<html>", "1:1", "expecting value"),
        (write_samples([1.0]) + "{", "2:2", "expecting property name enclosed in double quotes"),
        ("[]", "1:1", "the line is no JSON object"),
        (write_samples([1.0]) * 2, "2:1", "the line is no sample with a `doc_id` of its own"),
        ('{"style": 1}', "1:1", "the line is no sample with a `doc_id` of its own"),
        (
            '{"doc_id": [1], "doc_hash": "d", "target_hash": "t"}',
            "1:1",
            "the line is no sample with a `doc_id` of its own",
        ),
        ('{"doc_id": 1, "doc_hash": 5, "target_hash": "t"}', "1:1", "the line is no sample with a `doc_id` of its own"),
        ('{"doc_id": 1, "style": NaN}', "1:24", "`NaN` is no JSON value"),
    ],
)
def test_what_is_broken_is_left_alone_with_a_warning(read, content, place, message):
    found, problems = read(content)
    assert found is None
    assert problems == [("warning", f"{FILE}:{place}", f"these samples are not used: {message}")]


def test_too_much_is_not_read(read, monkeypatch):
    monkeypatch.setattr(samples, "LARGEST_FILE", 1000)
    found, problems = read(write_samples([1.0] * 100))
    assert found is None
    assert problems[0][2] == "these samples are not used: there is too much to read"


def test_a_line_without_end_is_not_read(read, monkeypatch):
    monkeypatch.setattr(samples, "LONGEST_VALUE", 100)
    assert read(" " * 1000)[1] == [("warning", f"{FILE}:1:1", "these samples are not used: there is too much to read")]


def test_a_link_out_of_the_repository_is_not_followed(plant, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "samples.jsonl"
    outside.write_text(write_samples([1.0]))
    root = plant({"evals/tuned.json": "{}"})
    (root / FILE).symlink_to(outside)
    problems: list[Problem] = []
    assert read_samples(str(root), RESULT, "tone/style", problems) is None
    assert [problem.level for problem in problems] == ["warning"]
    assert "leads outside the repository" in problems[0].message


def test_a_pipe_is_not_waited_for(plant):
    root = plant({"evals/tuned.json": "{}"})
    os.mkfifo(root / FILE)
    problems: list[Problem] = []
    assert read_samples(str(root), RESULT, "tone/style", problems) is None
    assert "is a pipe" in problems[0].message


def make(values, first=0):
    return {number: Sample(f"d{first + number}", f"t{first + number}", value) for number, value in enumerate(values)}


def test_the_same_questions_have_the_same_hashes():
    one = make([0.1, 0.2])
    assert are_same(one, make([0.9, 0.8]))
    assert not are_same(one, make([0.1, 0.2], first=1))
    assert not are_same(one, make([0.1]))
    assert not are_same(one, {**one, 1: one[1]._replace(answer="other")})


def test_values_are_paired_where_their_means_are_the_scores():
    tuned, baseline = [1.0, 0.5, 0.25], [0.5, 0.5, 1.0]
    scores = fsum(tuned) / 3, fsum(baseline) / 3
    assert pair_values(make(tuned), make(baseline), *scores) == [0.5, 0.0, -0.75]
    assert pair_values(make(tuned), make(baseline), 0.6, scores[1]) is None
    # Their sum is no number any more.
    assert pair_values(make([1e308] * 3), make(baseline), *scores) is None
    assert pair_values(make(tuned), make(baseline), scores[0], 0.6) is None
    assert pair_values(make(tuned), make(baseline, first=1), *scores) is None
    assert pair_values(make([1.0, None, 0.25]), make(baseline), *scores) is None
    assert pair_values(make(tuned), make([None, None, None]), *scores) is None
