"""Manifests are read by the schema, from their source text, and refused with everything that is wrong with them."""

from __future__ import annotations

from datetime import date

import pytest

from policy.errors import Location, PolicyError
from policy.model.fact import Fact, Members
from policy.model.fields import SCHEMA
from policy.model.kinds import INTEGER
from policy.model.manifest import Manifest, read_manifest
from policy.model.money import Money
from policy.model.schema import Field
from tests.building import make_document

HEAD = "manifest: 1\nproject: reply-tone\n"
FILE = "team/ml-manifest.yaml"
APPROACHES = "fine-tuning, rag, prompt-engineering, few-shot, hybrid"
PURPOSES = "style, domain-language, task-pattern, latency, knowledge, other"
MEMBERS = "approach, results, run, metric, score, few_shot, sufficient, comparable"
UNITS = "write a number and its unit (ms, s, min, h, d, w, month, year), such as 30d"
SIMILAR = "a field with a similar name exists: "


def read(text: str) -> Manifest:
    return read_manifest(make_document(text, FILE))


def problems_of(text: str) -> list[tuple[str, str, str]]:
    with pytest.raises(PolicyError) as caught:
        read(text)
    places = [problem.location for problem in caught.value.problems]
    assert all(place is not None and place.file == FILE for place in places)
    return [
        (f"{problem.location.line}:{problem.location.column}", problem.message, problem.remedy)
        for problem in caught.value.problems
        if problem.location is not None
    ]


NO_FORMAT = ("1:1", "the manifest does not say its format", "add the line `manifest: 1`")
NO_PROJECT = ("1:1", "the manifest names no project", "add `project: NAME`")
NO_MAPPING = ("1:1", "the manifest is not a mapping of fields", "start with `manifest: 1`")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{}", [NO_FORMAT, NO_PROJECT]),
        ("[reply-tone]", [NO_MAPPING]),
        ("reply-tone", [NO_MAPPING]),
        ("manifest: 1", [NO_PROJECT]),
        ("manifest: 1\nproject: ~", [NO_PROJECT]),
        ("project: reply-tone", [NO_FORMAT]),
        (
            "manifest: 2\nproject: reply-tone",
            [("1:11", "the manifest's format is `2`; this version reads format 1", "write `manifest: 1`")],
        ),
        (
            "manifest: [1]\nproject: reply-tone",
            [("1:11", "the manifest's format is no number; this version reads format 1", "write `manifest: 1`")],
        ),
        (
            "manifest: 1\nproject: ''",
            [("2:10", "`project`: the text is empty", "write something, or leave the line out")],
        ),
        (
            "manifest: 1\nproject: {name: a}",
            [("2:10", "`project` is a mapping where a string is needed", "write a string")],
        ),
    ],
)
def test_the_head_of_a_manifest(text, expected):
    assert problems_of(text) == expected


@pytest.mark.parametrize("text", ["", "# nothing\n"])
def test_an_empty_file(text):
    with pytest.raises(PolicyError, match="the file is empty"):
        read(text)


# What is written below the head, then where the problem is, what it is, and what to do.
PROBLEMS = [
    # Names
    ("colour: red", "3:1", "unknown field `colour`", "`policy schema manifest` lists every field"),
    ("needs: {citation: true}", "3:9", "unknown field `needs.citation`", f"{SIMILAR}`needs.citations`"),
    ("rows: 5", "3:1", "unknown field `rows`", f"{SIMILAR}`data.rows`"),
    ("data.rows: 5", "3:1", "`data.rows` is written in one word", "write `data: {rows: …}`"),
    ("x: {size: 5}", "3:1", "unknown field `x`", "declare it under `fields:` in the policy set"),
    ("tried: [{aproach: rag}]", "3:10", "unknown field `aproach` of `tried`", f"{SIMILAR}`approach`"),
    ("tried: [{stage: pilot}]", "3:10", "unknown field `stage` of `tried`", f"the fields are {MEMBERS}"),
    # Values
    ("needs: {citations: no}", "3:20", "`needs.citations`: `no` is not a boolean", "write false"),
    (
        "needs: {citations: 'true'}",
        "3:20",
        "`needs.citations`: `true` is quoted text where true or false is needed",
        "write true without quotes",
    ),
    (
        "approach: finetuning",
        "3:11",
        f"`approach`: `finetuning` is not one of {APPROACHES}",
        "write fine-tuning",
    ),
    (
        "data: {change_interval: 30}",
        "3:25",
        "`data.change_interval`: `30` is a number without a unit where a duration is needed",
        UNITS,
    ),
    (
        "data: {duplicate_rate: NaN}",
        "3:24",
        "`data.duplicate_rate`: `NaN` is not a number",
        "write a finite number, such as 0.05",
    ),
    (
        "data: {duplicate_rate: .inf}",
        "3:24",
        "`data.duplicate_rate`: `.inf` is not a number",
        "write a finite number, such as 0.05",
    ),
    (
        "data: {duplicate_rate: 1.5}",
        "3:24",
        "`data.duplicate_rate`: 1.5 is not between 0 and 1",
        "write a number in that range",
    ),
    ("data: {rows: 1.5}", "3:14", "`data.rows`: `1.5` is not a whole number", "write digits only, such as 1000"),
    ("data: {rows: -1}", "3:14", "`data.rows`: -1 is less than 0", "write a whole number from 0 up"),
    (
        "model: {retires: 2026-13-01}",
        "3:18",
        "`model.retires`: `2026-13-01` is not a date",
        "write year-month-day, such as 2026-11-20",
    ),
    (
        "budget: {per_run: 200}",
        "3:19",
        "`budget.per_run`: `200` is not an amount of money",
        "write an amount and its currency, such as 200 USD",
    ),
    # Shapes
    ("data: 5", "3:7", "`data` needs fields below it, not a value", "write `data: {change_interval: …}`"),
    ("data: [rows]", "3:7", "`data` needs fields below it, not a value", "write `data: {change_interval: …}`"),
    (
        "approach: [rag]",
        "3:11",
        f"`approach` is a list where one of {APPROACHES} is needed",
        f"write one of {APPROACHES}",
    ),
    ("purpose: style", "3:10", "`purpose` needs a list", "write `purpose: [style]`"),
    (
        "purpose: [style, ~]",
        "3:18",
        f"`purpose` is empty where one of {PURPOSES} is needed",
        f"write one of {PURPOSES}",
    ),
    ("tried: {approach: rag}", "3:8", "`tried` needs a list of records", "write `tried: [{…}]`"),
    ("tried: [rag]", "3:9", "an item of `tried` needs fields", "write {approach: …}"),
    ("tried: [{score: high}]", "3:17", "`score`: `high` is not a number", "write a finite number, such as 0.05"),
    # What only evidence tells
    (
        "run: {activity: data}",
        "3:17",
        "`run.activity` cannot be stated in a manifest: it follows from other facts",
        "leave the line out",
    ),
    (
        "evidence: {contradictions: 0}",
        "3:28",
        "`evidence.contradictions` cannot be stated in a manifest: only evidence can tell it",
        "leave the line out",
    ),
    (
        "data: {sources: [{path: a, license_terms: []}]}",
        "3:43",
        "`license_terms` cannot be stated in a manifest: it follows from other facts",
        "leave the line out",
    ),
]


@pytest.mark.parametrize(("body", "place", "message", "remedy"), PROBLEMS, ids=[row[0] for row in PROBLEMS])
def test_each_problem_says_where_what_and_what_to_do(body, place, message, remedy):
    assert problems_of(HEAD + body) == [(place, message, remedy)]


def test_all_problems_are_reported_at_once_in_the_order_of_the_text():
    text = "approach: finetuning\ndata: {rows: many, colour: red}\ntried: [{score: high}, rag]\n"
    assert [place for place, _, _ in problems_of(text)] == ["1:1", "1:1", "1:11", "2:14", "2:20", "3:17", "3:24"]


# What is read


def test_a_manifest():
    manifest = read(
        """\
manifest: 1
project: reply-tone
approach: fine-tuning
purpose: [style, style, latency]
needs: {citations: false, latency_p95: 800ms}
model: {revision: 1234567, retires: 2026-11-20, license: no}
budget: {per_run: 200 USD}
training: {config: ./train//axolotl.yaml, epochs: 3}
tried:
  - {approach: rag, score: .5}
  - {}
"""
    )
    assert (manifest.project, manifest.file, manifest.folder) == ("reply-tone", FILE, "team")
    values = {fact.path: fact.value for fact in manifest.claims if fact.path != "tried"}
    assert values == {
        "project": "reply-tone",
        "approach": "fine-tuning",
        "purpose": Members(("style", "latency"), complete=True),
        "needs.citations": False,
        "needs.latency_p95": 800,
        # Text is what was written: no number, no boolean.
        "model.revision": "1234567",
        "model.license": "no",
        "model.retires": date(2026, 11, 20),
        "budget.per_run": Money(200.0, "USD"),
        "training.config": "train/axolotl.yaml",
        "training.epochs": 3.0,
    }
    tried = manifest.claims[-1]
    assert tried.value.complete
    assert [{name: fact.value for name, fact in item.items()} for item in tried.value.items] == [
        {"approach": "rag", "score": 0.5},
        {},
    ]


def test_every_fact_knows_where_it_stands():
    manifest = read(f"{HEAD}data:\n  rows: 1000\ntried: [{{score: 0.5}}]\n")
    rows = next(fact for fact in manifest.claims if fact.path == "data.rows")
    assert rows == Fact("data.rows", 1000, "declared", FILE, Location(FILE, 4, 9, 4, 13))
    score = manifest.claims[-1].value.items[0]["score"]
    assert score == Fact("score", 0.5, "declared", FILE, Location(FILE, 5, 17, 5, 20))


def test_what_is_left_empty_is_not_stated():
    manifest = read(f"{HEAD}approach:\nstage: ~\npurpose: null\ndata: {{rows: ~}}\nneeds:\ntried: [{{score: ~}}]\n")
    assert [fact.path for fact in manifest.claims] == ["project", "tried"]
    assert manifest.claims[-1].value.items == ({},)


def test_an_empty_list_is_a_statement():
    (_, purpose) = read(f"{HEAD}purpose: []\n").claims
    assert purpose.value == Members((), complete=True)


def test_a_quoted_null_is_text():
    assert read("manifest: 1\nproject: 'null'\n").project == "null"


def test_a_manifest_in_the_root():
    assert read_manifest(make_document(HEAD, "ml-manifest.yaml")).folder == ""


def test_fields_of_an_organisation():
    schema = SCHEMA.extended((Field("x.team.size", INTEGER, "people"),))
    manifest = read_manifest(make_document(f"{HEAD}x: {{team: {{size: 5}}}}", FILE), schema)
    assert manifest.claims[-1][:2] == ("x.team.size", 5)
    with pytest.raises(PolicyError, match=r"unknown field `x\.team\.sise`"):
        read_manifest(make_document(f"{HEAD}x: {{team: {{sise: 5}}}}", FILE), schema)
