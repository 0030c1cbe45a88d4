"""Which facts a policy reads, how they are written, and who tells them."""

from __future__ import annotations

import pytest

from policy.model.fields import SCHEMA
from policy.model.kinds import BOOLEAN, STRING
from policy.model.schema import Field
from policy.reports.pages.fact_text import describe_kind, describe_teller, list_facts
from tests.building import make_policy


def test_every_fact_that_is_read_and_no_other():
    policy = make_policy(
        "when: {stage: pilot}\n"
        "require:\n"
        "  data.sources: {each: {where: {split: train}, require: {license: {equals: {field: name}}}}}\n"
        "  tried: {count: {where: {sufficient: true}, at_least: 1}}\n"
        "  release.license: {equals: {field: model.license}}\n"
    )
    assert [path for path, _ in list_facts(policy, SCHEMA)] == [
        "stage",
        "data.sources",
        "data.sources[].name",
        "data.sources[].license",
        "data.sources[].split",
        "model.license",
        "tried",
        "tried[].sufficient",
        "release.license",
    ]


@pytest.mark.parametrize(
    ("path", "written"),
    [
        ("stage", "`experiment`, `prototype`, `pilot`, `production`, `retired`"),
        ("data.rows", "integer from 0"),
        ("data.overlap_rate", "number from 0 to 1"),
        ("needs.citations", "`true`, `false`"),
        ("evaluation.metrics", "list of string"),
        ("tried", "list of records"),
        ("model.base", "string"),
    ],
)
def test_how_a_value_is_written(path, written):
    assert describe_kind(SCHEMA.fields[path].kind) == written


@pytest.mark.parametrize(
    ("field", "observed", "teller"),
    [
        (Field("a", STRING, ""), False, "the manifest"),
        (
            Field("a", STRING, "", ("data files", "nothing that ships")),
            False,
            "the manifest; data files; nothing that ships (with a plugin)",
        ),
        (Field("a", STRING, "", ("data files",)), True, "data files"),
        (Field("a", STRING, "", ("data files",), writable=False), False, "data files"),
        (Field("x.a", BOOLEAN, "", writable=False), False, "evidence, from a plugin"),
        (Field("x.a", BOOLEAN, ""), True, "evidence, from a plugin"),
        (Field("x.a", BOOLEAN, "", derived=True, writable=False), False, "follows from other facts"),
        (SCHEMA.fields["retrieval.planned"], False, "the manifest; follows from `approach`"),
        (SCHEMA.fields["run.activity"], False, "the gate that judges"),
        (SCHEMA.fields["approval.by"], False, "approvals"),
    ],
)
def test_who_tells_a_fact(field, observed, teller):
    assert describe_teller(field, observed=observed) == teller
