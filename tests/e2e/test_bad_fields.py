"""A manifest that says something it cannot say: every such line at once, with the nearest name where one is meant."""

from __future__ import annotations

import json

import pytest

HEAD = "manifest: 1\nproject: bad\n"
UNITS = "write a number and its unit (ms, s, min, h, d, w, month, year), such as 30d"

WRONG = {
    "aproach: rag": ("3:1: unknown field `aproach`", "a field with a similar name exists: `approach`"),
    "owner: {contcat: a}": (
        "3:9: unknown field `owner.contcat`",
        "a field with a similar name exists: `owner.contact`",
    ),
    "qqqqqqq: 1": ("3:1: unknown field `qqqqqqq`", "`policy schema manifest` lists every field"),
    "x: {tier: gold}": ("3:1: unknown field `x`", "declare it under `fields:` in the policy set"),
    "stage: pilott": (
        "3:8: `stage`: `pilott` is not one of experiment, prototype, pilot, production, retired",
        "write pilot",
    ),
    "needs: {citations: no}": ("3:20: `needs.citations`: `no` is not a boolean", "write false"),
    'needs: {citations: "true"}': (
        "3:20: `needs.citations`: `true` is quoted text where true or false is needed",
        "write true without quotes",
    ),
    "needs: {latency_p95: 800}": (
        "3:22: `needs.latency_p95`: `800` is a number without a unit where a duration is needed",
        UNITS,
    ),
    "data: {change_interval: 7 dogs}": ("3:25: `data.change_interval`: `dogs` is not a unit of time", UNITS),
    "data: {rows: NaN}": ("3:14: `data.rows`: `NaN` is not a whole number", "write digits only, such as 1000"),
    "training: {epochs: .inf}": (
        "3:20: `training.epochs`: `.inf` is not a number",
        "write a finite number, such as 0.05",
    ),
    "budget: {per_run: 200}": (
        "3:19: `budget.per_run`: `200` is not an amount of money",
        "write an amount and its currency, such as 200 USD",
    ),
    "release: {retires: 2027-02-30}": (
        "3:20: `release.retires`: `2027-02-30` is not a date",
        "write year-month-day, such as 2026-11-20",
    ),
    "purpose: style": ("3:10: `purpose` needs a list", "write `purpose: [style]`"),
    "data: 5": ("3:7: `data` needs fields below it, not a value", "write `data: {change_interval: …}`"),
    "data.rows: 5": ("3:1: `data.rows` is written in one word", "write `data: {rows: …}`"),
}


@pytest.mark.parametrize("line", WRONG)
def test_one_wrong_line(line, beside_good):
    message, remedy = WRONG[line]
    result = beside_good({"ml-manifest.yaml": f"{HEAD}{line}\n"})
    assert result.headlines == [f"error: bad/ml-manifest.yaml:{message}"]
    assert result.helps == [remedy]
    assert result.code == 2


def test_all_wrong_lines_at_once_in_their_order(beside_good):
    keys = dict.fromkeys(line.split(":")[0] for line in WRONG)
    lines = [next(line for line in WRONG if line.startswith(f"{key}:")) for key in keys]
    result = beside_good({"ml-manifest.yaml": HEAD + "\n".join(lines)})
    places = [":".join(headline.split(":")[2:4]) for headline in result.headlines]
    wanted = [f"{3 + index}:{WRONG[line][0].split(':')[1]}" for index, line in enumerate(lines)]
    assert places == wanted
    assert f"{len(lines)} problems with the input" in result.out


def test_the_line_is_quoted_with_a_caret(beside_good):
    result = beside_good({"ml-manifest.yaml": f"{HEAD}stage: prod # soon\n"})
    assert result.err.splitlines()[1:3] == [" 3 | stage: prod # soon", "   |        ^^^^"]


def test_a_revision_of_digits_and_an_e_stays_text(plant, policy):
    plant(
        {"ml-manifest.yaml": f"{HEAD}approach: fine-tuning\nmodel: {{base: acme/base, revision: 12e4567}}\n"}
        | {"policies/own/pinned.yaml": PINNED, "policy.yaml": "policy_set: 1\npolicies: [policies]\n"}
    )
    result = policy("check", "--output", "json")
    (outcome,) = json.loads(result.out)["decisions"][0]["outcomes"]
    assert outcome["because"][0]["actual"] == "12e4567"
    assert result.code == 1


PINNED = """\
policy: pinned
title: Pin the base model
severity: low
require: {model.revision: {equals: "1.2e4568"}}
effect: block
"""
