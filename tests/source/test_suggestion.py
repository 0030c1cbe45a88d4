from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.source.suggestion import nearest

FIELDS = [
    "approach",
    "purpose",
    "stage",
    "owner.team",
    "owner.contact",
    "data.rows",
    "data.tokens",
    "data.change_interval",
    "data.license_terms",
    "model.base",
    "model.license",
    "release.license",
    "training.epochs",
    "training.config",
    "needs.latency_p95",
    "evaluation.latency_p95",
    "approval.by",
    "usage.calls_per_month",
]
APPROACHES = ["fine-tuning", "rag", "prompt-engineering", "few-shot", "hybrid"]


@pytest.mark.parametrize(
    ("name", "known", "suggested"),
    [
        ("data.row", FIELDS, "data.rows"),
        ("dta.rows", FIELDS, "data.rows"),
        ("data.rwos", FIELDS, "data.rows"),
        ("dataset.rows", FIELDS, "data.rows"),
        ("owner.teem", FIELDS, "owner.team"),
        ("modle.base", FIELDS, "model.base"),
        ("Data.Rows", FIELDS, "data.rows"),
        ("data.change-interval", FIELDS, "data.change_interval"),
        ("data.changeinterval", FIELDS, "data.change_interval"),
        ("train.config", FIELDS, "training.config"),
        ("stag", FIELDS, "stage"),
        ("aproach", FIELDS, "approach"),
        ("usage.calls", FIELDS, "usage.calls_per_month"),
        # a path that is missing, where only one field has that last part
        ("rows", FIELDS, "data.rows"),
        ("change-interval", FIELDS, "data.change_interval"),
        ("epoch", FIELDS, "training.epochs"),
        ("latency_p95", FIELDS, None),
        ("license", FIELDS, None),
        # values of an enumeration
        ("fine_tuning", APPROACHES, "fine-tuning"),
        ("finetuning", APPROACHES, "fine-tuning"),
        ("Fine-Tuning", APPROACHES, "fine-tuning"),
        ("ragg", APPROACHES, "rag"),
        ("few_shots", APPROACHES, "few-shot"),
        # nothing like any
        ("lora", APPROACHES, None),
        ("zzz", FIELDS, None),
        ("x.y", FIELDS, None),
        ("batch_size", FIELDS, None),
        ("data.xyz", FIELDS, None),
        ("", FIELDS, None),
        (".", FIELDS, None),
        ("a", [], None),
        ("data.row" + "s" * 200, FIELDS, None),
    ],
)
def test_the_name_that_was_meant(name, known, suggested):
    assert nearest(name, known) == suggested


def test_the_order_of_the_known_names_does_not_matter():
    assert nearest("rat", ["rag", "raw"]) == nearest("rat", ["raw", "rag"]) == nearest("rat", {"rag", "raw"})


def test_names_are_taken_from_any_iterable():
    assert nearest("data.row", iter(FIELDS)) == "data.rows"


@given(st.text(max_size=120), st.lists(st.text(max_size=20)))
def test_a_suggestion_is_one_of_the_known_names(name, known):
    assert nearest(name, known) in [None, *known]


@given(st.sampled_from(FIELDS))
def test_a_known_name_is_its_own_suggestion(name):
    assert nearest(name, FIELDS) == name
    assert nearest(name.upper(), FIELDS) == name
