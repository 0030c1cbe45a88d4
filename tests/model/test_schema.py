from __future__ import annotations

import pytest

from policy.model.fact import Fact
from policy.model.facts import Facts
from policy.model.fields import SCHEMA
from policy.model.kinds import BOOLEAN


def test_whoever_asks_for_an_expression_gets_its_field():
    field = SCHEMA.fields["cel:data.rows > 1"]
    assert field == SCHEMA.get("cel:data.rows > 1")
    assert (field.path, field.kind, field.writable) == ("cel:data.rows > 1", BOOLEAN, False)


def test_an_expression_is_no_field_of_the_schema():
    assert "cel:data.rows > 1" not in SCHEMA.fields
    assert SCHEMA.fields.get("cel:data.rows > 1") is None
    assert not any(path.startswith("cel:") for path in SCHEMA.fields)


@pytest.mark.parametrize("path", ["data.rowz", "cel", "cel.x", "celsius:1", ""])
def test_nothing_else_is_made_up(path):
    assert SCHEMA.get(path) is None
    with pytest.raises(KeyError):
        SCHEMA.fields[path]


def test_what_an_expression_says_is_a_fact():
    path = "cel:[data.rows, 1].exists(n, n == 1)"
    facts = Facts([Fact(path, value=True)], SCHEMA)
    assert facts.values[path] is True
