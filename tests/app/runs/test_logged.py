from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.app.runs.logged import PARAMETERS, read_logged
from policy.model.facts import Facts
from policy.model.fields import SCHEMA


def read(parameters=None, rows=()):
    return {fact.path: fact.value for fact in read_logged(parameters or {}, rows, SCHEMA)}


@pytest.mark.parametrize(
    ("parameters", "facts"),
    [
        ({"num_train_epochs": "3"}, {"training.epochs": 3}),
        ({"num_train_epochs": "2.5", "seed": "7"}, {"training.epochs": 2.5, "training.seed": 7}),
        ({"_name_or_path": "Qwen/Qwen2.5-7B"}, {"model.base": "Qwen/Qwen2.5-7B"}),
        ({"_name_or_path": "a/b", "base_model_name_or_path": "c/d"}, {"model.base": "a/b"}),
        ({"num_train_epochs": "many", "seed": "1e400"}, {}),
        ({"seed": "x" * 10_000, "other": "1"}, {}),
        ({}, {}),
    ],
)
def test_parameters_tell_facts(parameters, facts):
    assert read(parameters) == facts


def test_rows_of_training_data_are_added_up():
    assert read(rows=[("training", 90), ("training", 10), ("eval", 5000), ("", 7)]) == {"data.rows": 100}
    assert read(rows=[("training", -1), ("eval", 5)]) == {}


def test_what_is_logged_otherwise_than_declared_leaves_the_fact_unknown():
    from policy.model.fact import Fact

    declared = Fact("training.epochs", 3, "declared", "manifest")
    facts = Facts([declared, *read_logged({"num_train_epochs": "20"}, (), SCHEMA)])
    assert "training.epochs" not in facts.values
    assert [item.path for item in facts.contradictions] == ["training.epochs"]


@given(st.dictionaries(st.sampled_from(sorted(PARAMETERS)), st.text(max_size=40)))
def test_whatever_is_logged_it_is_read_or_left(parameters):
    for fact in read_logged(parameters, (), SCHEMA):
        assert fact.origin == "declared"
        assert fact.path in SCHEMA.fields
