"""Policy sets upon policy sets: how they are found and merged, and what a layer may not loosen."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from policy.app.workspace import open_workspace
from policy.errors import PolicyError, Problem
from policy.model.policy import GateSettings, PolicySet

ROWS = """\
policy: enough-rows
title: Enough rows
severity: high
when: {approach: {one_of: {param: approaches}}}
require:
  data.rows: {at_least: {param: fewest}, at_most: {param: most}}
  model.base: {one_of: {param: approved}}
  training.seed: {not_equals: {param: seed}}
params:
  approaches: {default: [fine-tuning, hybrid]}
  fewest: {default: 100}
  most: {default: 5000}
  seed: {default: 0}
  approved: {about: Base models that may be tuned}
effect: {ci: hold, default: flag}
"""
OWNED = "policy: owned\ntitle: Owned\nseverity: low\nrequire: {present: [owner.team]}\neffect: advise\n"
LICENSED = """\
policy: licensed
title: Licensed
severity: low
require: {data.license_terms: {contains_none: [share-alike]}}
effect: flag
"""
FILES = {
    "shared/data/enough-rows.yaml": ROWS,
    "shared/owner/owned.yaml": OWNED,
    "shared/data/licensed.yaml": LICENSED,
}
ORGANISATION = "policy_set: 1\nname: organisation\npolicies: [../shared]\n"
Layers = Callable[..., Any]


@pytest.fixture
def load(write) -> Layers:
    """The policy set of a project, `layers` being its files from the base up, each extending the one before it."""

    def read(*layers: str, files: dict[str, str | bytes] | None = None) -> PolicySet:
        names = ("organisation", "team", "project")[: len(layers)]
        texts: dict[str, str | bytes] = {}
        for number, (name, text) in enumerate(zip(names, layers, strict=True)):
            head = f"policy_set: 1\nextends: [../{names[number - 1]}]\n" if number else ORGANISATION
            texts[f"{name}/policy.yaml"] = head + dedent(text)
        root = write({**FILES, **texts, **(files or {})})
        return open_workspace(str(root), str(root / names[-1] / "policy.yaml")).policy_set

    return read


@pytest.fixture
def refuse(load) -> Layers:
    """Everything that is wrong with such a policy set."""

    def read(*layers: str, files: dict[str, str | bytes] | None = None) -> list[Problem]:
        with pytest.raises(PolicyError) as refusal:
            load(*layers, files=files)
        assert all(problem.remedy and problem.level == "error" for problem in refusal.value.problems)
        return list(refusal.value.problems)

    return read


def list_related(problem: Problem) -> list[str]:
    return [f"{label} {place}" for label, place in problem.related]


# Merging


def test_each_layer_adds_to_those_below(load):
    policy_set = load(
        """\
        params: {enough-rows.fewest: 200, enough-rows.most: 900}
        effects: {owned: {ci: flag, default: hold}}
        gates: {ci: {mode: enforce, on_error: hold}}
        on_unknown: {owned: same}
        """,
        """\
        name: team
        policies: [own]
        params: {enough-rows.fewest: 300}
        effects: {owned: {ci: block}}
        gates: {ci: {on_error: block}, run: {mode: flag}}
        from: {own: 2027-01-01}
        """,
        "modes: {own: observe}\nfinal: [own]\n",
        files={"team/own/own.yaml": OWNED.replace("owned", "own")},
    )
    assert policy_set.name == "team"
    assert [policy.id for policy in policy_set.policies] == ["enough-rows", "licensed", "owned", "own"]
    assert policy_set.params == {"enough-rows.fewest": 300, "enough-rows.most": 900}
    assert policy_set.effects == {"owned": {"ci": "block", "default": "hold"}}
    assert policy_set.gates == {"ci": GateSettings(on_error="block"), "run": GateSettings(mode="flag")}
    assert policy_set.on_unknown == {"owned": "same"}
    assert policy_set.starts == {"own": date(2027, 1, 1)}
    assert policy_set.modes == {"own": "observe"}
    assert policy_set.final == {"own"}
    assert policy_set.layers == ("organisation/policy.yaml", "team/policy.yaml", "project/policy.yaml")
    places = {place: str(where) for place, where in policy_set.places.items()}
    assert places["params", "enough-rows", "fewest"] == "team/policy.yaml:5:30"
    assert places["params", "enough-rows", "most"] == "organisation/policy.yaml:4:53"
    assert places["policies", "own", ""] == "team/policy.yaml:4:12"
    assert places["final", "own", ""] == "project/policy.yaml:4:9"
    assert places["effects", "owned", "ci"] == "team/policy.yaml:6:23"


def test_a_default_speaks_for_every_gate(load):
    policy_set = load("effects: {owned: {ci: block, default: flag}}\n", "effects: {owned: hold}\n")
    assert policy_set.effects == {"owned": {"default": "hold"}}
    assert [problem.message for problem in policy_set.loosenings] == [
        "the effect of `owned` falls from block to hold at ci"
    ]


def test_a_layer_without_policies_has_those_below_and_a_base_the_catalogue(write):
    root = write({"base/policy.yaml": "policy_set: 1\n", "policy.yaml": "policy_set: 1\nextends: [base]\n"})
    one, other = (
        open_workspace(str(root), str(root / name)).policy_set for name in ("policy.yaml", "base/policy.yaml")
    )
    assert one.policies == other.policies
    assert len(one.policies) > 30


def test_a_file_that_two_layers_name_is_one_policy(load):
    policy_set = load("", "policies: [../shared/owner]\n")
    assert [policy.id for policy in policy_set.policies].count("owned") == 1
    assert str(policy_set.places["policies", "owned", ""]) == "organisation/policy.yaml:3:12"


def test_without_leaves_policies_out_with_their_settings(load):
    policy_set = load("modes: {owned: flag}\nparams: {enough-rows.fewest: 3}\n", "without: [owned, enough-rows]\n")
    assert [policy.id for policy in policy_set.policies] == ["licensed"]
    assert (policy_set.modes, policy_set.params) == ({}, {})
    again = load("modes: {owned: flag}\n", "without: [owned]\n", "policies: [../shared/owner]\n")
    assert [policy.id for policy in again.policies] == ["enough-rows", "licensed", "owned"]
    assert again.modes == {}


def test_without_may_stand_beside_the_policies_that_it_takes_from(load):
    policy_set = load("without: [owned]\n")
    assert [policy.id for policy in policy_set.policies] == ["enough-rows", "licensed"]
    assert policy_set.loosenings == ()


def test_fields_of_all_layers_are_known(load):
    own = OWNED.replace("owned", "own").replace("owner.team", "x.size, x.tier")
    declared = "fields: {x.size: {type: integer, about: people}}\n"
    policy_set = load(
        declared, f"policies: [own]\n{declared}", "fields: {x.tier: {type: string}}\n", files={"team/own/own.yaml": own}
    )
    assert {"x.size", "x.tier"} <= set(policy_set.schema.fields)


def test_a_field_has_one_meaning(refuse):
    (problem,) = refuse("fields: {x.size: {type: integer}}\n", "fields: {x.size: {type: string}}\n")
    assert str(problem).startswith("team/policy.yaml:3:10: `x.size` is declared otherwise below")
    assert list_related(problem) == ["it is declared here organisation/policy.yaml:4:10"]


# What can be extended


@pytest.mark.parametrize(("below", "above"), [("x.risk", "x.risk.level"), ("x.risk.level", "x.risk")])
def test_a_field_of_one_layer_cannot_hold_another_layers(refuse, below, above):
    team, project = (f"fields: {{{name}: {{type: integer}}}}\n" for name in (below, above))
    (problem,) = refuse("", team, project)
    assert problem.message == "`x.risk` is a value and cannot hold `x.risk.level`"
    places = {str(problem.location), *(str(place) for _, place in problem.related)}
    assert places == {"team/policy.yaml:3:10", "project/policy.yaml:3:10"}


def test_a_file_a_folder_and_a_project_file(write):
    write({f"{name}/policy.yaml": f"policy_set: 1\nname: {name}\npolicies: [../shared]\n" for name in ("one", "two")})
    root = write(
        {
            **FILES,
            "three/pyproject.toml": """\
[tool.policy]
policy_set = 1
extends = ["../one"]
from = {owned = 2027-01-01}
""",
            "policy.yaml": "policy_set: 1\nextends: [one/policy.yaml, two, three/pyproject.toml]\n",
        }
    )
    policy_set = open_workspace(str(root)).policy_set
    assert policy_set.layers == ("one/policy.yaml", "two/policy.yaml", "three/pyproject.toml", "policy.yaml")
    assert policy_set.starts == {"owned": date(2027, 1, 1)}
    assert policy_set.name == "two"


def test_a_layer_may_lie_outside_of_the_root(load, tmp_path):
    load("modes: {owned: flag}\n", "")
    policy_set = open_workspace(str(tmp_path / "team"), str(tmp_path / "team/policy.yaml")).policy_set
    assert policy_set.layers == ("../organisation/policy.yaml", "policy.yaml")
    assert str(policy_set.places["modes", "owned", ""]) == "../organisation/policy.yaml:4:16"
    assert {str(policy.location) for policy in policy_set.policies} >= {"../shared/owner/owned.yaml:1:1"}


def test_what_is_extended_on_two_ways_is_one_layer(write):
    root = write(
        {
            **FILES,
            "base/policy.yaml": "policy_set: 1\npolicies: [../shared]\nfinal: [owned]\n",
            "one/policy.yaml": "policy_set: 1\nextends: [../base]\nmodes: {licensed: flag}\n",
            "two/policy.yaml": "policy_set: 1\nextends: [../base]\nfinal: [licensed]\n",
            "policy.yaml": "policy_set: 1\nextends: [one, ./one/../base, two/.]\n",
            "linked.yaml": "policy_set: 1\nextends: [link, base]\n",
        }
    )
    (root / "link").symlink_to("base")
    assert open_workspace(str(root), str(root / "linked.yaml")).policy_set.layers == ("base/policy.yaml", "linked.yaml")
    with pytest.raises(PolicyError) as refusal:
        open_workspace(str(root))
    # `licensed` is final by a layer that never saw the one below it.
    (problem,) = refusal.value.problems
    assert str(problem).startswith("one/policy.yaml:3:19: the mode of `licensed` falls from enforce to flag")
    assert list_related(problem) == ["`licensed` is made final two/policy.yaml:3:9"]


NAMED = [
    ("[gone]", "policy.yaml:2:11: there is no policy set at `gone`", "name a policy.yaml, a pyproject.toml with"),
    ("[empty]", "policy.yaml:2:11: the folder `empty` holds no policy set", "name a policy.yaml, a pyproject.toml"),
    ("['']", "policy.yaml:2:11: `extends`: the text is empty", "write something"),
    ("[none.toml]", "policy.yaml:2:11: `none.toml` has no table `[tool.policy]`", "name a policy.yaml"),
    ("[broken.yaml]", "broken.yaml:1:1: the policy set is not a mapping", "start with `policy_set: 1`"),
    ("['https://example.com/p.git']", "is not pinned: a bundle is always named with the digest", "add `#sha256=…`"),
    ("['git+ssh://example.com/p@v1']", "`v1` is no commit", "write all 40 hexadecimal digits"),
    ("['acme/policies@sha256:0123']", "is not pinned", "add `#sha256=…`; `policy bundle verify acme/policies"),
    ("[bundle.tar.gz]", "is not pinned", "add `#sha256=…`; `policy bundle verify bundle.tar.gz` prints it"),
    ('["a\\0b"]', "there is no policy set at", "name a policy.yaml"),
    ("base", "policy.yaml:2:10: `extends` needs a list", "write `extends: [base]`"),
    ("~", "policy.yaml:2:10: `extends` needs a list", ""),
    ("[{a: b}]", "policy.yaml:2:11: `extends` is a mapping where a string is needed", ""),
]


@pytest.mark.parametrize(("named", "message", "remedy"), NAMED)
def test_what_cannot_be_extended(write, named, message, remedy):
    files = {"empty/x.txt": "", "none.toml": "[tool.other]\n", "broken.yaml": "[a]\n"}
    root = write({**files, "policy.yaml": f"policy_set: 1\nextends: {named}\n"})
    with pytest.raises(PolicyError) as refusal:
        open_workspace(str(root))
    (problem,) = refusal.value.problems
    assert message in f"{problem.location}: {problem.message}" or message in str(problem)
    assert remedy in problem.remedy


def test_a_mistake_in_a_layer_shows_the_way_to_it(write):
    root = write(
        {
            "policy.yaml": "policy_set: 1\nextends: [team]\n",
            "team/policy.yaml": "policy_set: 1\n\nextends: [../gone, ../other]\n",
            "other/policy.yaml": "policy_set: 1\npolices: []\n",
        }
    )
    with pytest.raises(PolicyError) as refusal:
        open_workspace(str(root))
    missing, key = refusal.value.problems
    assert str(missing).startswith("team/policy.yaml:3:11: there is no policy set at `../gone`")
    assert list_related(missing) == ["`policy.yaml` is extended through policy.yaml:2:11"]
    assert str(key).startswith("other/policy.yaml:2:1: there is no key `polices`")


def test_a_circle_is_shown(write):
    root = write(
        {
            "policy.yaml": "policy_set: 1\nextends: [a]\n",
            "a/policy.yaml": "policy_set: 1\nextends: [../b]\n",
            "b/policy.yaml": "policy_set: 1\n\nextends: [../c, ../a/policy.yaml]\n",
            "c/policy.yaml": "policy_set: 1\n",
        }
    )
    with pytest.raises(PolicyError) as refusal:
        open_workspace(str(root))
    (problem,) = refusal.value.problems
    circle = "`a/policy.yaml` → `b/policy.yaml` → `a/policy.yaml`"
    assert str(problem).startswith(f"b/policy.yaml:3:17: policy sets extend each other in a circle: {circle}")
    assert list_related(problem) == ["`a/policy.yaml` extends the next one a/policy.yaml:2:11"]


def test_a_policy_set_cannot_extend_itself(write):
    root = write({"policy.yaml": "policy_set: 1\nextends: [.]\n"})
    with pytest.raises(PolicyError, match=r"policy\.yaml:2:11: policy sets extend each other in a circle"):
        open_workspace(str(root))


def test_an_endless_chain_ends(write):
    chain = {f"l{number}/policy.yaml": f"policy_set: 1\nextends: [../l{number + 1}]\n" for number in range(60)}
    root = write({**chain, "l60/policy.yaml": "policy_set: 1\n"})
    with pytest.raises(PolicyError, match="more than 50 deep"):
        open_workspace(str(root), str(root / "l0/policy.yaml"))


# Names and values in layers

WRONG = [
    ("final: [ownd]", "3:9: there is no policy `ownd`", "write `owned`"),
    ("without: [ownd]", "3:11: there is no policy `ownd`", "write `owned`"),
    ("from: {ownd: 2027-01-01}", "3:8: there is no policy `ownd`", "write `owned`"),
    ("on_unknown: {ownd: flag}", "3:14: there is no policy `ownd`", "write `owned`"),
    ("from: {owned: soon}", "3:15: `from.owned`: `soon` is not a date", "write year-month-day"),
    ("from: {owned: 2027-02-30}", "3:15: `from.owned`: `2027-02-30` is not a date", "write year-month-day"),
    ("on_unknown: {owned: blok}", "3:21: `on_unknown.owned`: `blok` is not one of same, advise", "write block"),
    ("final: owned", "3:8: `final` needs a list", "write `final: [owned]`"),
    ("from: [owned]", "3:7: `from` needs a mapping", "write `from: {few-examples: 2027-01-01}`"),
    ("params: {enough-rows.fewest: 30d}", "3:30: `enough-rows.fewest`: `30d` is not a number", "write a finite"),
    ("params: {enough-rows.approved: qwen}", "3:32: `enough-rows.approved` needs a list", "write `approved: [qwen]`"),
]


@pytest.mark.parametrize(("text", "said", "remedy"), WRONG, ids=[text for text, _, _ in WRONG])
def test_what_is_wrong_in_a_layer(refuse, text, said, remedy):
    (problem,) = refuse("", text)
    assert f"{problem.location}: {problem.message}".startswith(f"team/policy.yaml:{said}")
    assert remedy in problem.remedy


def test_a_policy_that_was_left_out_below_has_no_settings(refuse):
    (problem,) = refuse("", "without: [owned]\n", "modes: {owned: flag}\n")
    assert str(problem).startswith("project/policy.yaml:3:9: there is no policy `owned`")


def test_a_layer_below_does_not_know_what_is_added_above(refuse):
    (problem,) = refuse(
        "modes: {own: flag}\n", "policies: [own]\n", files={"team/own/own.yaml": OWNED.replace("owned", "own")}
    )
    assert str(problem).startswith("organisation/policy.yaml:4:9: there is no policy `own`")


def test_two_policies_of_one_id_in_two_layers(refuse):
    again = {"team/own/owned.yaml": OWNED}
    (problem,) = refuse("", "policies: [own]\n", files=again)
    assert str(problem).startswith("team/own/owned.yaml:1:1: two policies have the id `owned`")
    assert list_related(problem) == ["the other one shared/owner/owned.yaml:1:1"]
    (problem,) = refuse("final: [owned]\n", "policies: [own]\n", files=again)
    assert list_related(problem)[1:] == ["`owned` is made final organisation/policy.yaml:4:9"]


def test_everything_that_is_wrong_is_said_at_once(refuse):
    problems = refuse("modes: {ownd: flag}\n", "final: [x]\nfrom: {y: 2027-01-01}\n")
    assert [str(problem.location) for problem in problems] == [
        "organisation/policy.yaml:4:9",
        "team/policy.yaml:4:8",
        "team/policy.yaml:3:9",
    ]


# What is final may be tightened and not loosened: what a layer above the organisation's does to `enough-rows`

FINAL = "final: [enough-rows]\n"
LOOSENED = {
    "effect": (
        "",
        "effects: {enough-rows: {ci: flag}}",
        "3:29",
        "the effect of `enough-rows` falls from hold to flag at ci",
    ),
    "effect at a gate that only has the default": (
        "",
        "effects: {enough-rows: {run: advise}}",
        "3:30",
        "the effect of `enough-rows` falls from flag to advise at run",
    ),
    "effect by default": (
        "",
        "effects: {enough-rows: advise}",
        "3:24",
        (
            "the effect of `enough-rows` falls from flag to advise at check and commit and run and release, "
            "from hold to advise at ci"
        ),
    ),
    "effect that the organisation set": (
        "effects: {enough-rows: block}\n",
        "effects: {enough-rows: {run: hold}}",
        "3:30",
        "the effect of `enough-rows` falls from block to hold at run",
    ),
    "on_unknown": (
        "",
        "on_unknown: {enough-rows: advise}",
        "3:27",
        "what `enough-rows` does while it is unknown falls from flag to advise at ci",
    ),
    "on_unknown that was the failure's": (
        "on_unknown: {enough-rows: same}\n",
        "on_unknown: {enough-rows: flag}",
        "3:27",
        "what `enough-rows` does while it is unknown falls from hold to flag at ci",
    ),
    "on_error": ("", "gates: {ci: {on_error: hold}}", "3:24", "what errors do at ci falls from block to hold"),
    "mode": ("", "modes: {enough-rows: flag}", "3:22", "the mode of `enough-rows` falls from enforce to flag"),
    "mode that the organisation set": (
        "modes: {enough-rows: flag}\n",
        "modes: {enough-rows: observe}",
        "3:22",
        "the mode of `enough-rows` falls from flag to observe",
    ),
    "mode of a gate": ("", "gates: {run: {mode: flag}}", "3:21", "the mode of run falls from enforce to flag"),
    "from": (
        "",
        "from: {enough-rows: 2027-01-01}",
        "3:21",
        "`enough-rows` acts in full from 2027-01-01 instead of at once",
    ),
    "a later from": (
        "from: {enough-rows: 2027-01-01}\n",
        "from: {enough-rows: 2027-01-02}",
        "3:21",
        "`enough-rows` acts in full from 2027-01-02 instead of from 2027-01-01",
    ),
    "left out": ("", "without: [enough-rows]", "3:11", "`enough-rows` is left out"),
    "less than at least": (
        "",
        "params: {enough-rows.fewest: 99}",
        "3:30",
        "`enough-rows.fewest` goes from 100 to 99, which loosens the policy",
    ),
    "more than at most": (
        "params: {enough-rows.most: 300}\n",
        "params: {enough-rows.most: 301}",
        "3:28",
        "`enough-rows.most` goes from 300 to 301, which loosens the policy",
    ),
    "another allowed value": (
        "params: {enough-rows.approved: [a]}\n",
        "params: {enough-rows.approved: [a, b]}",
        "3:32",
        "`enough-rows.approved` goes from [a] to [a, b], which loosens the policy",
    ),
    "other allowed values": (
        "params: {enough-rows.approved: [a, b]}\n",
        "params: {enough-rows.approved: [c]}",
        "3:32",
        "`enough-rows.approved` goes from [a, b] to [c], which may loosen the policy",
    ),
    "a condition that is met less often": (
        "",
        "params: {enough-rows.approaches: [hybrid]}",
        "3:34",
        "`enough-rows.approaches` goes from [fine-tuning, hybrid] to [hybrid], which loosens the policy",
    ),
    "a parameter that works both ways": (
        "",
        "params: {enough-rows.seed: 1}",
        "3:28",
        "`enough-rows.seed` goes from 0 to 1, which may loosen the policy",
    ),
}


@pytest.mark.parametrize(("base", "layer", "place", "message"), LOOSENED.values(), ids=LOOSENED)
def test_what_is_final_is_not_loosened(refuse, base, layer, place, message):
    (problem,) = refuse(FINAL + base, layer)
    said = "the policy is" if "`enough-rows" in message else "`enough-rows` is"
    assert str(problem.location) == f"team/policy.yaml:{place}"
    assert problem.message == f"{message}, and {said} final"
    assert list_related(problem) == ["`enough-rows` is made final organisation/policy.yaml:4:9"]
    assert problem.remedy == "take this out, or have the policy set that makes it final changed"


@pytest.mark.parametrize(("base", "layer", "place", "message"), LOOSENED.values(), ids=LOOSENED)
def test_what_is_not_final_is_loosened_with_a_warning(load, base, layer, place, message):
    (problem,) = load(f"\n{base}", layer).loosenings
    assert (str(problem.location), problem.message) == (f"team/policy.yaml:{place}", message)
    assert problem.level == "warning"


@pytest.mark.parametrize(("base", "layer", "place", "message"), LOOSENED.values(), ids=LOOSENED)
def test_it_does_not_matter_how_far_up_it_is_loosened(refuse, base, layer, place, message):
    (problem,) = refuse(FINAL + base, "", layer)
    assert str(problem.location) == f"project/policy.yaml:{place}"
    assert problem.message.startswith(message)


@pytest.mark.parametrize("name", LOOSENED)
def test_a_layer_below_cannot_loosen_it_either(write, name):
    """A project that puts its own layer below the organisation's gets round nothing."""
    base, layer, place, message = LOOSENED[name]
    root = write(
        {
            **FILES,
            "organisation/policy.yaml": ORGANISATION + FINAL + base,
            "own/policy.yaml": f"policy_set: 1\npolicies: [../shared]\n{layer}\n",
            "policy.yaml": "policy_set: 1\nextends: [own, organisation]\n",
        }
    )
    if base or name == "left out":
        # The organisation says the same, stands above, and so is heard.
        alone = open_workspace(str(root), str(root / "organisation/policy.yaml")).policy_set
        both = open_workspace(str(root)).policy_set
        assert (alone.params, alone.effects, alone.modes) == (both.params, both.effects, both.modes)
        assert (alone.starts, alone.on_unknown) == (both.starts, both.on_unknown)
        assert {policy.id for policy in both.policies} == {policy.id for policy in alone.policies}
        return
    with pytest.raises(PolicyError) as refusal:
        open_workspace(str(root))
    (problem,) = refusal.value.problems
    assert str(problem.location) == f"own/policy.yaml:{place}"
    assert problem.message.startswith(message)
    assert list_related(problem) == ["`enough-rows` is made final organisation/policy.yaml:4:9"]


TIGHTENED = [
    ("", "effects: {enough-rows: {ci: block}}"),
    ("", "effects: {enough-rows: hold}"),
    ("", "on_unknown: {enough-rows: same}"),
    ("modes: {enough-rows: flag}", "modes: {enough-rows: enforce}"),
    ("gates: {ci: {mode: flag, on_error: hold}}", "gates: {ci: {mode: enforce, on_error: block}}"),
    ("from: {enough-rows: 2027-01-02}", "from: {enough-rows: 2027-01-01}"),
    ("", "params: {enough-rows: {fewest: 101, most: 4999, approaches: [fine-tuning, hybrid, rag]}}"),
    ("", "params: {enough-rows.approved: [a]}"),
    ("params: {enough-rows.approved: [a, b]}", "params: {enough-rows.approved: [b]}"),
    ("params: {enough-rows.approved: [a, b]}", "params: {enough-rows.approved: []}"),
    ("params: {enough-rows.approved: [a, b]}", "params: {enough-rows.approved: [b, a]}"),
    ("", "params: {enough-rows: {fewest: 100, seed: 0}}"),
    ("", "final: [enough-rows, owned]"),
]


@pytest.mark.parametrize(("base", "layer"), TIGHTENED)
def test_what_is_final_is_tightened(load, base, layer):
    assert load(f"{FINAL}{base}\n", layer).loosenings == ()


def test_a_gate_that_does_not_judge_it_is_free(load):
    at_ci = OWNED.replace("owned", "at-ci").replace("effect: advise", "effect: {ci: flag}")
    policy_set = load("final: [at-ci]\n", "gates: {run: {mode: flag}}\n", files={"shared/data/at-ci.yaml": at_ci})
    assert policy_set.gates == {"run": GateSettings(mode="flag")}


def test_the_layer_that_makes_it_final_may_still_loosen_it(load):
    policy_set = load("effects: {owned: hold}\n", "effects: {owned: flag}\nfinal: [owned]\n")
    assert [problem.message for problem in policy_set.loosenings] == [
        "the effect of `owned` falls from hold to flag at check and commit and ci and run and release"
    ]


def test_what_a_layer_tightened_holds_for_the_next(refuse):
    (problem,) = refuse(FINAL, "effects: {enough-rows: {ci: block}}\n", "effects: {enough-rows: {ci: hold}}\n")
    assert str(problem).startswith(
        "project/policy.yaml:3:29: the effect of `enough-rows` falls from block to hold at ci"
    )


def test_one_line_about_many_final_policies(refuse):
    more = {f"shared/more/p{number}.yaml": OWNED.replace("owned", f"p{number}") for number in range(5)}
    final = "final: [p0, p1, p2, p3, p4]\n"
    (problem,) = refuse(final, "gates: {ci: {mode: observe}}\n", files=more)
    assert (
        problem.message
        == "the mode of ci falls from enforce to observe, and `p0` and `p1` and `p2` and 2 more are final"
    )
    assert len(problem.related) == 3


# Tables and plugins


TABLE = "table: 1\nrows:\n  acme-1.0: {terms: [non-commercial], source: a page, date: 2026-11-20}\n"


def test_a_table_on_which_a_final_policy_rests(refuse, load):
    files = {f"{name}/licenses.yaml": TABLE for name in ("organisation", "team")}
    table = "tables: {licenses: licenses.yaml}\n"
    (problem,) = refuse("final: [licensed]\n", table, files=files)
    assert str(problem.location) == "team/policy.yaml:3:10"
    assert problem.message == "the table `licenses` changes what is known, and `licensed` is final"
    assert list_related(problem) == ["`licensed` is made final organisation/policy.yaml:4:9"]
    assert load(f"final: [licensed]\n{table}", "", files=files).final == {"licensed"}
    assert load(FINAL, table, files=files).final == {"enough-rows"}


MODELS = "table: 1\nrows:\n  acme/small: {retires: 2030-01-01, source: a page, date: 2026-11-20}\n"
COMPARED = "policy: compared\ntitle: c\nseverity: low\nrequire: {evidence.contradictions: 0}\neffect: block\n"


def test_a_table_that_a_manifest_may_contradict(refuse, load):
    shared = {"shared/data/compared.yaml": COMPARED}
    tables = {"models": MODELS, "licenses": TABLE}
    files = shared | {f"team/{name}.yaml": text for name, text in tables.items()}
    (problem,) = refuse("final: [compared]\n", "tables: {models: models.yaml}\n", files=files)
    assert problem.message == "the table `models` changes what is known, and `compared` is final"
    # What a licence restricts nobody states, so nothing can speak against it.
    assert load("final: [compared]\n", "tables: {licenses: licenses.yaml}\n", files=files).final == {"compared"}


PLUGIN = """\
from policy.plugins.hookspecs import hookimpl
class Counter:
    name = "counter"
    observes = ("data.rows",)
    def collect(self, project):
        raise NotImplementedError
class Reader:
    name = "tool"
    marks = (b"tool",)
    def recognise(self, root):
        return False
    def read(self, document, context):
        raise NotImplementedError
@hookimpl
def {hook}():
    return [{made}()]
"""


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], str]:
    """A module that can be imported, with one hook."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def plant(hook: str, made: str) -> str:
        name = f"layer_plugin_{made.lower()}_{tmp_path.name.replace('-', '_')}"
        (tmp_path / f"{name}.py").write_text(PLUGIN.format(hook=hook, made=made))
        sys.modules.pop(name, None)
        return name

    return plant


@pytest.mark.parametrize(("hook", "made"), [("collectors", "Counter"), ("training_config_readers", "Reader")])
def test_a_plugin_that_tells_what_a_final_policy_is_judged_on(refuse, load, plugin, hook, made):
    name = plugin(hook, made)
    (problem,) = refuse(FINAL, f"plugins: [{name}]\n")
    assert str(problem.location) == "team/policy.yaml:3:11"
    assert problem.message == f"the plugin `{name}` can change what is known, and `enough-rows` is final"
    assert list_related(problem) == ["`enough-rows` is made final organisation/policy.yaml:4:9"]
    # Where the organisation has it, or nothing that it tells is final, it is welcome.
    assert load(f"{FINAL}plugins: [{name}]\n", f"plugins: [{name}]\n").plugins == (name,)
    if made == "Counter":
        assert load("final: [owned]\n", f"plugins: [{name}]\n").plugins == (name,)


def test_a_plugin_that_observes_anything_could_hide_a_contradiction(refuse, plugin):
    """What it counts is added to what others count, and the sum can be what the manifest says."""
    name = plugin("collectors", "Counter")
    files = {"shared/data/compared.yaml": COMPARED}
    (problem,) = refuse("final: [compared]\n", f"plugins: [{name}]\n", files=files)
    assert problem.message == f"the plugin `{name}` can change what is known, and `compared` is final"
