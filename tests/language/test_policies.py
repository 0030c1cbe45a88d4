"""Policies are read with everything that they say, and refused with everything that is wrong with them."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from policy.errors import Location, PolicyError
from policy.language.policies import read_policy
from policy.model.condition import AllOf, Count, FieldValue, Leaf, Literal, Now, Operand, Parameter
from policy.model.fact import ABSENT, Members
from policy.model.fields import SCHEMA
from policy.model.kinds import BOOLEAN, COUNT, DAYS, DURATION, list_of
from policy.model.money import Money
from policy.model.schema import Field
from tests.building import make_document, make_policy

HEAD = "policy: example\ntitle: Example\nseverity: high\neffect: block\n"
APPROACHES = "fine-tuning, rag, prompt-engineering, few-shot, hybrid"
STAGES = "experiment, prototype, pilot, production, retired"
UNITS = "write a number and its unit (ms, s, min, h, d, w, month, year), such as 30d"
SIMILAR = "a field with a similar name exists: "
MEMBERS = "approach, results, run, metric, score, few_shot, sufficient, comparable"
CASE_KEYS = "given, observed, attested, estimated, absent, complete, timed_out, at, params, expect, name"
COUNTS = "at_least, at_most, more_than, less_than, equals, not_equals"

# What is written below the head, then where the problem is, what it is, and what to do.
PROBLEMS = [
    # Unknown names
    ("require: {data.row: 5}", "5:11", "unknown field `data.row`", f"{SIMILAR}`data.rows`"),
    ("require: {rows: 5}", "5:11", "unknown field `rows`", f"{SIMILAR}`data.rows`"),
    ("require: {zzz: 5}", "5:11", "unknown field `zzz`", "`policy schema manifest` lists every field"),
    (
        "require: {x.size: 5}",
        "5:11",
        "`x.size` is declared by no policy set",
        "declare it under `fields:` in the policy set",
    ),
    ("require: {present: [data.rowz]}", "5:21", "unknown field `data.rowz`", f"{SIMILAR}`data.rows`"),
    (
        "require: {data.rows: {at_least: {field: data.rowz}}}",
        "5:41",
        "unknown field `data.rowz`",
        f"{SIMILAR}`data.rows`",
    ),
    ("require: {tried: {some: {approch: rag}}}", "5:26", "unknown field `approch`", f"{SIMILAR}`approach`"),
    (
        "require: {tried: {some: {stage: pilot}}}",
        "5:26",
        "`stage` is a fact of the subject; inside a list only the member's own fields can be read",
        f"use one of {MEMBERS}, result_found, or move the test out of the list",
    ),
    ("require: {data.rows: {atleast: 5}}", "5:23", "unknown test `atleast`", "write `at_least`"),
    (
        "require: {at_least: 5}",
        "5:11",
        "`at_least` is a test and stands below a field",
        "write `field: {at_least: …}`",
    ),
    ("requires: {}\nrequire: {data.rows: 5}", "5:1", "unknown key `requires`", "write `require`"),
    (
        "require: {tried: {each: {if: {approach: rag}, require: {approach: rag}}}}",
        "5:26",
        "unknown key `if` in `each`",
        "the keys are where, require",
    ),
    (
        "require: {data.rows: {at_least: {param: p}}}\nparams: {p: {defalt: 5}}",
        "6:14",
        "unknown key `defalt` in parameter `p`",
        "the keys are default, about",
    ),
    (
        "require: {data.rows: 5}\ncases: [{givn: {}, expect: pass}]",
        "6:10",
        "unknown key `givn` in a case",
        f"the keys are {CASE_KEYS}",
    ),
    # Values that the field cannot have
    (
        "require: {approach: finetuning}",
        "5:21",
        f"`approach`: `finetuning` is not one of {APPROACHES}",
        "write fine-tuning",
    ),
    (
        "require: {stage: [pilot, prod]}",
        "5:26",
        f"`stage`: `prod` is not one of {STAGES}",
        f"write one of {STAGES}",
    ),
    (
        "require: {data.change_interval: {at_least: 30}}",
        "5:44",
        "`data.change_interval`: `30` is a number without a unit where a duration is needed",
        UNITS,
    ),
    (
        "require: {data.rows: {at_least: 30d}}",
        "5:33",
        "`data.rows`: `30d` is not a number",
        "write a finite number, such as 0.05",
    ),
    (
        "require: {data.rows: {at_least: '30'}}",
        "5:33",
        "`data.rows`: `30` is quoted text where a number is needed",
        "write 30 without quotes",
    ),
    ("require: {needs.citations: yes}", "5:28", "`needs.citations`: `yes` is not a boolean", "write true"),
    ("require: {owner.team: ~}", "5:23", "`owner.team` needs a string here", "write a string"),
    (
        "require: {data.rows: {at_least: {field: data.change_interval}}}",
        "5:41",
        "`data.rows` and `data.change_interval` cannot be compared: integer and duration",
        "compare fields of one kind",
    ),
    (
        "require: {model.retires: {more_than: {now: 12h}}}",
        "5:44",
        "`now`: `12h` is not a whole number of days",
        "write days, such as 30d",
    ),
    (
        "require: {data.rows: {at_least: {now: 5d}}}",
        "5:39",
        "`now` compares dates, and `data.rows` is a whole number",
        "use it on a date",
    ),
    # Tests that the field cannot take
    (
        "require: {purpose: style}",
        "5:11",
        "`purpose` is a list and cannot equal a value",
        "write `{contains: …}`",
    ),
    (
        "require: {purpose: [style]}",
        "5:11",
        "`purpose` is a list and cannot equal a value",
        "write `{contains_any: …}`",
    ),
    (
        "require: {purpose: {none_of: [style]}}",
        "5:21",
        "`none_of` does not work on `purpose`, which is a list of enumeration",
        "use contains_none",
    ),
    (
        "require: {approach: {contains: rag}}",
        "5:22",
        "`contains` does not work on `approach`, which is an enumeration",
        "use equals",
    ),
    (
        "require: {approach: {at_least: rag}}",
        "5:22",
        "`at_least` does not work on `approach`, which is an enumeration",
        "use equals, not_equals, one_of, none_of, present",
    ),
    (
        "require: {tried: few-shot}",
        "5:11",
        "`tried` is a list of records",
        "write `{some: …}`, `{each: …}` or `{count: …}`",
    ),
    (
        "require: {tried: {count: {where: {approach: rag}}}}",
        "5:26",
        "`count` has no bound",
        f"write one of {COUNTS}",
    ),
    (
        "require: {tried: {each: {where: {approach: rag}}}}",
        "5:25",
        "`each` has no `require`",
        "write `each: {where: …, require: …}`",
    ),
    (
        "require: {tried: {count: {at_least: {param: p, or: 1}}}}",
        "5:37",
        "`count` needs a whole number here",
        "write a whole number",
    ),
    (
        "require: {data.rows: {one_of: {field: data.tokens}}}",
        "5:39",
        "`one_of` takes a list of values, not another field",
        "write the values, or a parameter",
    ),
    (
        "require: {data.rows: {present: {param: p}}}",
        "5:40",
        "`present` takes a value that is written in the policy",
        "write the value itself",
    ),
    (
        "require: {model.base: {matches: '[0-9]+?'}}",
        "5:33",
        "a repeat followed by `?` means different things to different engines",
        "repeat once",
    ),
    (
        "require: {}",
        "5:10",
        "`require` needs a condition: a mapping of field to test",
        "write `field: value`",
    ),
    ("require: {any: []}", "5:16", "`any` needs a list of conditions", "write `any: [{field: value}, …]`"),
    # Parameters
    (
        "require: {data.rows: {at_least: {param: fewest}}}",
        "5:41",
        "parameter `fewest` is not declared",
        "declare it: `params: {fewest: {default: …, about: …}}`",
    ),
    (
        "require: {data.rows: 5}\nparams: {fewest: {default: 5, about: Rows}}",
        "6:10",
        "parameter `fewest` is not used",
        "use it in a test, or leave it out",
    ),
    (
        "require: {data.rows: {at_least: {param: p}}}\nparams: {p: {default: 30d}}",
        "6:23",
        "`p`: `30d` is not a number",
        "write a finite number, such as 0.05",
    ),
    (
        "require: {data.rows: {at_least: {param: p}}, stage: {equals: {param: p}}}\nparams: {p: {about: Rows}}",
        "5:70",
        f"parameter `p` stands for one of {STAGES} here and for a number elsewhere",
        "use two parameters",
    ),
    (
        "require: {approach: {equals: {param: p}}, stage: {equals: {param: p}}}\nparams: {p: {about: Both}}",
        "5:67",
        f"parameter `p` stands for one of {STAGES} here and for one of {APPROACHES} elsewhere",
        "use two parameters",
    ),
    (
        "require: {model.retires: {more_than: {now: {param: p}}}}\nparams: {p: {default: 12h}}",
        "6:23",
        "`p`: `12h` is not a whole number of days",
        "write days, such as 30d",
    ),
    (
        "require: {data.rows: 5}\nfix: Get {more} rows",
        "6:6",
        "`fix` speaks of `{more}`, which is no parameter",
        "name a parameter",
    ),
    # The rest of the policy
    (
        "require: {data.rows: 5}\nobserved: [data.tokens]",
        "6:12",
        "`data.tokens` is under `observed` and no test reads it",
        "leave it out, or test it",
    ),
    ("require: {data.rows: 5}\ninstead: rag", "6:10", "`instead` needs a list", "write `instead: [rag]`"),
    ("require: {data.rows: 5}\nbecause: ~", "6:10", "`because` is empty where a string is needed", "write a string"),
    (
        "require: {data.rows: 5}\ncases: [{given: {run.activity: data}, expect: pass}]",
        "6:32",
        "`run.activity` cannot be stated in a manifest: it follows from other facts",
        "leave the line out",
    ),
    (
        "require: {data.rows: 5}\ncases: [{given: {data.rows: 5}}]",
        "6:9",
        "the case expects nothing",
        "add `expect: pass`, `fail`, `unknown` or `not-applicable`",
    ),
    (
        'require: {data.rows: 5}\ncases: [{at: "0001-01-01T00:00:00+12:00", expect: pass}]',
        "6:14",
        "`0001-01-01T00:00:00+12:00` is not a time",
        "write a date such as 2026-11-20, or 2026-11-20T12:00:00Z",
    ),
]


def problems_of(text: str) -> list[tuple[str, str, str]]:
    with pytest.raises(PolicyError) as caught:
        read_policy(make_document(text, "example.yaml"))
    return [
        (f"{problem.location.line}:{problem.location.column}", problem.message, problem.remedy)
        for problem in caught.value.problems
        if problem.location is not None and problem.location.file == "example.yaml"
    ]


@pytest.mark.parametrize(("body", "place", "message", "remedy"), PROBLEMS, ids=[row[0] for row in PROBLEMS])
def test_each_problem_says_where_what_and_what_to_do(body, place, message, remedy):
    assert problems_of(HEAD + body) == [(place, message, remedy)]


def test_all_problems_are_reported_at_once_in_the_order_of_the_text():
    text = """\
policy: Bad Name
title: ''
severity: hgh
effect: {comit: block, ci: stop}
when: {aproach: rag}
require: {data.change_interval: {at_least: 30}, purpose: style, data.rows: {at_least: {param: p}}}
params: {q: {default: 5}}
on_unknown: maybe
colour: red
cases:
  - {given: {data.rows: many}, expect: passed}
"""
    assert [place for place, _, _ in problems_of(text)] == [
        *("1:9", "2:8", "3:11", "4:10", "4:28", "5:8", "6:44", "6:49", "6:95"),
        *("7:10", "8:13", "9:1", "11:25", "11:40"),
    ]


def test_a_head_that_lacks_everything():
    assert [message for _, message, _ in problems_of("fix: Nothing\n")] == [
        f"the policy has no `{key}`" for key in ("policy", "title", "severity", "require", "effect")
    ]
    assert problems_of("[a]") == [
        ("1:1", "the policy is not a mapping", "write the keys policy, title, severity, require, effect")
    ]


def test_two_uses_of_a_parameter_point_at_each_other():
    body = "require: {data.rows: {at_least: {param: p}}, stage: {equals: {param: p}}}\nparams: {p: {about: Rows}}"
    with pytest.raises(PolicyError) as caught:
        read_policy(make_document(HEAD + body, "example.yaml"))
    (related,) = caught.value.problems[0].related
    assert related == ("used for a number here", Location("example.yaml", 5, 41, 5, 42))


# Limits


def nested(depth: int) -> str:
    return HEAD + "require: " + "{not: " * depth + "{data.rows: 5}" + "}" * depth


def test_conditions_nest_to_a_depth():
    read_policy(make_document(nested(15)))
    ((_, message, remedy),) = problems_of(nested(16))
    assert (message, remedy) == ("conditions are nested deeper than 16", "split the policy in two")


def test_a_policy_has_a_number_of_tests():
    many = ", ".join(["{data.rows: 5}"] * 499)
    read_policy(make_document(f"{HEAD}require: {{any: [{many}]}}"))
    ((_, message, _),) = problems_of(f"{HEAD}require: {{any: [{many}, {{data.rows: 5}}, {{data.rows: 5}}]}}")
    assert message == "a policy has more than 500 tests"


# What is read


def make_leaf(path: str, test: str, operand: Operand) -> Leaf:
    return Leaf(path, test, operand, SCHEMA.fields[path].kind)


def test_everything_that_a_policy_says():
    policy = make_policy(
        """\
policy: volatile-data
title: Do not fine-tune on data that changes often
severity: critical
when: {approach: [fine-tuning, hybrid]}
require:
  data.change_interval: {at_least: {param: shortest}}
  model.retires: {more_than: {now: -30d}}
  evaluation.tuned: {more_than: {field: evaluation.baseline}}
params:
  shortest: {default: 30d, about: How long the data must stay valid}
effect: {commit: flag, default: block}
on_unknown: same
observed: [evaluation.tuned]
instead: [rag]
because: >
  Two
  lines.
fix: Wait {shortest}.
references: [A guide]
controls: {nist-ai-rmf: [MANAGE 2.2]}
"""
    )
    assert policy.when == make_leaf("approach", "one_of", Literal(("fine-tuning", "hybrid")))
    assert policy.require == AllOf(
        (
            make_leaf("data.change_interval", "at_least", Parameter("shortest")),
            make_leaf("model.retires", "more_than", Now(Literal(-30 * 86_400_000))),
            make_leaf("evaluation.tuned", "more_than", FieldValue("evaluation.baseline")),
        )
    )
    (spec,) = policy.params
    assert (spec.name, spec.kind, spec.default) == ("shortest", DURATION, 30 * 86_400_000)
    assert spec.about == "How long the data must stay valid"
    assert policy.effect == {"commit": "flag", "default": "block"}
    assert [policy.effect_at(gate) for gate in ("commit", "run")] == ["flag", "block"]
    assert (policy.on_unknown, policy.observed) == ("same", frozenset({"evaluation.tuned"}))
    assert (policy.instead, policy.because, policy.fix) == (("rag",), "Two lines.", "Wait {shortest}.")
    assert (policy.references, policy.controls) == (("A guide",), {"nist-ai-rmf": ("MANAGE 2.2",)})


def test_short_forms_are_the_long_ones():
    short = make_policy("require: {stage: pilot, approach: [rag, hybrid], present: [data.rows]}")
    long = make_policy(
        "require: {all: [{stage: {equals: pilot}}, {approach: {one_of: [rag, hybrid]}}, {data.rows: {present: true}}]}"
    )
    assert short.require == long.require


@pytest.mark.parametrize(
    ("tests", "expected"),
    [
        ("data.rows: {at_least: {param: p}}, tried: {count: {at_least: {param: p}}}", COUNT),
        ("model.retires: {more_than: {now: {param: p}}}", DAYS),
        ("approach: {one_of: {param: p}}", list_of(SCHEMA.fields["approach"].kind)),
        ("purpose: {contains: {param: p}}", SCHEMA.fields["purpose"].kind.of),  # type: ignore[attr-defined]
        ("data.change_interval: {at_least: {param: p}}", DURATION),
    ],
)
def test_a_parameter_has_the_kind_of_the_places_where_it_stands(tests, expected):
    policy = make_policy(f"require: {{{tests}}}\nparams: {{p: {{about: A value}}}}")
    assert policy.params[0].kind == expected
    assert policy.params[0].default is None


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_parameter_that_stands_for_days_and_for_a_length_is_whole_days_and_not_negative(order):
    tests = ["model.retires: {more_than: {now: {param: p}}}", "data.change_interval: {at_least: {param: p}}"]
    body = f"require: {{{tests[order[0]]}, {tests[order[1]]}}}\nparams: {{p: {{default: %s}}}}"
    assert make_policy(body % "30d").params[0].default == 30 * 86_400_000
    for default in ("12h", "-30d"):
        assert len(problems_of(HEAD + body % default)) == 1


def test_a_part_of_a_path_is_read_as_it_stands():
    policy = make_policy("require: {training.config: {starts_with: train/}}")
    assert isinstance(policy.require, Leaf)
    assert policy.require.operand == Literal("train/")
    whole = make_policy("require: {training.config: ./train/}")
    assert isinstance(whole.require, Leaf)
    assert whole.require.operand == Literal("train")


def test_fields_of_an_organisation():
    schema = SCHEMA.extended((Field("x.reviewed", BOOLEAN, "someone looked at it"),))
    policy = make_policy(
        "require: {x.reviewed: true}\ncases: [{given: {x.reviewed: true}, expect: pass}]", schema=schema
    )
    assert policy.paths == {"x.reviewed"}
    assert policy.cases[0].claims[0].value is True


def test_bounds_of_a_count():
    policy = make_policy("require: {tried: {count: {where: {approach: rag}, at_least: 1, at_most: 3}}}")
    assert isinstance(policy.require, Count)
    assert policy.require.bounds == (("at_least", Literal(1)), ("at_most", Literal(3)))


def test_cases():
    policy = make_policy(
        """\
require: {cost.run: {at_most: {param: most}}, purpose: {contains: style}}
params: {most: {default: 5 USD}}
cases:
  - given: {cost: {run: 4 USD}, owner.team: ml}
    observed: {purpose: [style], evaluation.metrics: [f1]}
    complete: [purpose]
    estimated: {cost.month: 9 USD}
    absent: [stage]
    timed_out: [data.rows]
    at: 2026-11-20T01:00:00+02:00
    params: {most: 6 USD}
    expect: pass
  - {expect: unknown}
"""
    )
    case, empty = policy.cases
    told = {(fact.path, fact.origin): fact.value for fact in case.claims}
    assert told == {
        ("cost.run", "declared"): Money(4.0, "USD"),
        ("owner.team", "declared"): "ml",
        ("purpose", "observed"): Members(("style",), complete=True),
        ("evaluation.metrics", "observed"): Members(("f1",), complete=False),
        ("cost.month", "estimated"): Money(9.0, "USD"),
        ("stage", "observed"): ABSENT,
    }
    assert (case.expect, case.timed_out, case.params) == ("pass", ("data.rows",), {"most": Money(6.0, "USD")})
    assert case.at == datetime(2026, 11, 19, 23, tzinfo=UTC)
    assert (empty.claims, empty.expect, empty.at) == ((), "unknown", datetime(2026, 1, 1, tzinfo=UTC))
    assert case.at is not None
    assert case.at.date() == date(2026, 11, 19)


def test_cases_can_be_left_unread():
    document = make_document(f"{HEAD}require: {{data.rows: 5}}\ncases: [{{expect: nonsense}}]")
    assert read_policy(document, with_cases=False).cases == ()


@pytest.mark.parametrize(
    ("text", "message", "remedy"),
    [
        (
            "policy_set: 1\npolicies: [catalogue]\n",
            "this file is a policy set, not a policy",
            "`policy list --config FILE`",
        ),
        ("manifest: 1\nproject: p\n", "this file is a manifest, not a policy", "`policy check FILE`"),
    ],
)
def test_another_kind_of_file_is_named_once(text, message, remedy):
    with pytest.raises(PolicyError) as caught:
        read_policy(make_document(text))
    (problem,) = caught.value.problems
    assert problem.message == message
    assert remedy in problem.remedy
