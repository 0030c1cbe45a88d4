"""Mistakes in policies: all of them at once, before any manifest is read."""

from __future__ import annotations

import pytest

SET = "policy_set: 1\npolicies: [policies]\n"
HEAD = "policy: own\ntitle: Own\nseverity: low\neffect: flag\n"
OWNED = f"{HEAD}require: {{present: [owner.team]}}\n"
UNITS = "write a number and its unit (ms, s, min, h, d, w, month, year), such as 30d"

# What follows the head, from line 5; where it is wrong, what is wrong, and what to do.
WRONG = {
    "unknown field": (
        "require: {aproach: rag}\n",
        "5:11: unknown field `aproach`",
        "a field with a similar name exists: `approach`",
    ),
    "value outside an enumeration": (
        "require: {approach: finetuning}\n",
        "5:21: `approach`: `finetuning` is not one of fine-tuning, rag, prompt-engineering, few-shot, hybrid",
        "write fine-tuning",
    ),
    "duration compared with a number": (
        "require: {data.change_interval: {at_least: 30}}\n",
        "5:44: `data.change_interval`: `30` is a number without a unit where a duration is needed",
        UNITS,
    ),
    "scalar test on a list": (
        "require: {purpose: {equals: style}}\n",
        "5:21: `equals` does not work on `purpose`, which is a list of enumeration",
        "use contains",
    ),
    "list test on a scalar": (
        "require: {stage: {contains: pilot}}\n",
        "5:19: `contains` does not work on `stage`, which is an enumeration",
        "use equals",
    ),
    "unknown test": ("require: {data.rows: {at_leest: 5}}\n", "5:23: unknown test `at_leest`", "write `at_least`"),
    "undefined parameter": (
        "require: {data.rows: {at_least: {param: enough}}}\n",
        "5:41: parameter `enough` is not declared",
        "declare it: `params: {enough: {default: …, about: …}}`",
    ),
    "unused parameter": (
        "require: {stage: pilot}\nparams:\n  enough: {default: 5, about: Rows}\n",
        "7:3: parameter `enough` is not used",
        "use it in a test, or leave it out",
    ),
    "unknown key": ("require: {stage: pilot}\nbecuase: x\n", "6:1: unknown key `becuase`", "write `because`"),
    "key given twice": (
        "require: {stage: pilot}\nrequire: {stage: retired}\n",
        "6:1: the key `require` is given twice",
        "keep one of them",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_one_mistake(name, plant, policy):
    rest, message, remedy = WRONG[name]
    plant({"policy.yaml": SET, "policies/own/own.yaml": HEAD + rest, "ml-manifest.yaml": "not even read"})
    result = policy("check")
    assert result.headlines == [f"error: policies/own/own.yaml:{message}"]
    assert result.helps == [remedy]
    assert result.out == ""
    assert result.code == 2


@pytest.mark.parametrize("command", ["check", "lint", "test", "list", "explain", "schema"])
def test_all_mistakes_of_all_files_at_once(command, plant, policy):
    several = "severity: hihg\nwhen: {aproach: rag}\nrequire: {data.rows: {at_leest: 5}}\neffect: {nightly: flag}\n"
    plant(
        {
            "policy.yaml": SET,
            "policies/own/a.yaml": f"policy: a\ntitle: A\n{several}",
            "policies/own/b.yaml": f"{HEAD}require: {{stage: pilt}}\n",
        }
    )
    result = policy(*{"explain": ("explain", "a"), "schema": ("schema", "policy")}.get(command, (command,)))
    assert [line.split(" ")[1] for line in result.headlines] == [
        "policies/own/a.yaml:3:11:",
        "policies/own/a.yaml:4:8:",
        "policies/own/a.yaml:5:23:",
        "policies/own/a.yaml:6:10:",
        "policies/own/b.yaml:5:18:",
    ]
    assert len(result.helps) == 5
    assert result.code == 2


@pytest.mark.parametrize("command", ["check", "lint", "test"])
def test_one_id_in_two_files_is_shown_in_both_places(command, plant, policy):
    plant({"policy.yaml": SET, "policies/own/a.yaml": OWNED, "policies/own/b.yaml": OWNED})
    result = policy(command)
    assert result.err.splitlines() == [
        "error: policies/own/b.yaml:1:1: two policies have the id `own`",
        " 1 | policy: own",
        "   | ^^^^^^^^^^^",
        "  note: the other one: policies/own/a.yaml:1:1",
        "  help: give one another id, or leave one out",
    ]
    assert result.code == 2


@pytest.mark.parametrize("command", ["lint", "test"])
def test_a_mistake_in_the_cases_is_found_beside_the_others(command, plant, policy):
    cases = "cases:\n  - {given: {stage: pilt}, expect: pass}\n  - {given: {stage: pilot}, expect: passed}\n"
    plant({"policy.yaml": SET, "policies/own/own.yaml": f"{HEAD}require: {{stage: pilt}}\n{cases}"})
    result = policy(command)
    assert [line.split(" ")[1] for line in result.headlines] == [
        "policies/own/own.yaml:5:18:",
        "policies/own/own.yaml:7:21:",
        "policies/own/own.yaml:8:37:",
    ]
    assert result.code == 2


def test_the_files_that_are_named_are_looked_at_whatever_is_in_force(plant, policy):
    plant({"drafts/own.yaml": OWNED, "drafts/bad.yaml": f"{HEAD}require: {{stage: pilt}}\n"})
    result = policy("lint", "drafts")
    assert result.headlines[0].startswith("error: drafts/bad.yaml:5:18: ")
    assert {line.split(":")[1].strip() for line in result.headlines[1:]} == {"drafts/own.yaml"}
    assert result.out.startswith("2 policy files, 1 error, ")
    assert result.code == 2


def test_hostile_policies_are_refused_like_hostile_manifests(plant, policy):
    deep = f"{HEAD}require: {'{not: ' * 60}{{stage: pilot}}{'}' * 60}\n"
    plant({"policy.yaml": SET, "policies/own/own.yaml": deep, "policies/own/other.yaml": b"\0" * 100})
    result = policy("check")
    assert result.headlines == [
        "error: policies/own/other.yaml:1:1: the file is binary, not text",
        "error: policies/own/own.yaml:5:244: lists and mappings are nested more than 40 levels deep",
    ]
    assert result.code == 2
