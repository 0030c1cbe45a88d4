from __future__ import annotations

from datetime import date

import pytest

from policy.errors import Location
from policy.model.fact import ABSENT, Fact, Members
from policy.model.fields import SCHEMA
from policy.model.money import Money
from policy.reports.evidence.cells import LONGEST_VALUE, is_pointed, say_value, say_where

DIGEST = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("project", "a", "a"),
        ("project", "a\x1b[31m\nb", "a␛[31m␊b"),
        ("data.rows", 1234567, "1,234,567"),
        ("data.change_interval", 7 * 86_400_000, "7 days"),
        ("needs.citations", False, "false"),
        ("release.retires", date(2027, 11, 30), "2027-11-30"),
        ("data.digest", DIGEST, "0123456789ab…"),
        ("model.revision", DIGEST[:40], "0123456789ab…"),
        # No digest: a name may be as long.
        ("model.base", "g" * 40, "g" * 40),
        ("model.revision", ABSENT, "not set"),
        ("training.epochs", 3.0, "3"),
        ("evaluation.gain", 0.1499999999999999, "0.15"),
        ("evaluation.gain", 0.0, "0"),
        ("evaluation.tuned", 12345.678, "12,345.7"),
        ("training.compute_share", 4.870279632796098e-09, "4.87e-09"),
        ("model.training_flops", 8.2e23, "8.2e+23"),
        ("cost.run", Money(4.0, "USD"), "4 USD"),
        ("cost.month", Money(1234.5, "EUR"), "1,234.50 EUR"),
        ("usage.saving_per_call", Money(0.001, "USD"), "0.001 USD"),
        ("usage.saving_per_call", Money(0.0, "USD"), "0 USD"),
        ("purpose", Members(("style", "latency"), complete=True), "style, latency"),
        ("purpose", Members((), complete=True), "none"),
        ("evaluation.metrics", Members(("a",), complete=False), "a, perhaps more"),
        ("tried", Members(({}, {}), complete=True), "2 entries"),
        ("tried", Members(({},), complete=False), "1 entry, perhaps more"),
        ("tried", Members((), complete=True), "none"),
    ],
)
def test_a_value_in_words(path, value, said):
    assert say_value(SCHEMA.fields[path].kind, value) == said


def test_an_endless_value_is_cut():
    said = say_value(SCHEMA.fields["project"].kind, "x" * 10**6)
    assert len(said) == LONGEST_VALUE
    assert said.endswith("…")


EXACT, WHOLE = Location("p/train/a.yaml", 3, 7, 3, 9), Location("p/train/a.yaml")


@pytest.mark.parametrize(
    ("source", "place", "said", "pointed"),
    [
        ("p/ml-manifest.yaml", Location("p/ml-manifest.yaml", 4, 1, 4, 3), "ml-manifest.yaml:4", True),
        ("axolotl config", EXACT, "train/a.yaml:3", True),
        ("axolotl config", WHOLE, "train/a.yaml", False),
        # A default stands in no file.
        ("axolotl default", WHOLE, "axolotl default", False),
        # These are placed where the file is named that they look into.
        ("data files", EXACT, "data files", False),
        ("evaluation results", EXACT, "evaluation results", False),
        ("derived from data.rows", EXACT, "derived from data.rows", False),
        ("dataset card", Location("README.md", 2, 1, 2, 9), "../README.md:2", True),
        ("discovery", None, "discovery", False),
        ("bad\x1b[2Jplugin", None, "bad␛[2Jplugin", False),
        ("plugin", Location("p/a\x07b", 1, 1, 1, 2), "a␇b:1", True),
    ],
)
def test_where_a_fact_came_from(source, place, said, pointed):
    fact = Fact("data.rows", 1, "observed", source, place)
    assert say_where(fact, "p") == said
    assert is_pointed(fact) == pointed
