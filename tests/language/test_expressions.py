from __future__ import annotations

import pytest

from policy.app.expressions import answer_cases
from policy.engine.mutation.mutants import find_mutants
from policy.engine.mutation.testing import try_mutants
from policy.engine.testing import run_cases
from policy.errors import PolicyError
from policy.language.expressions import LONGEST
from policy.language.identity import encode_policy
from policy.language.polarity import walk_signed
from policy.language.prose import describe_policy
from policy.model.condition import AllOf, AnyOf, Not
from policy.model.fields import SCHEMA
from policy.model.kinds import BOOLEAN, STRING
from policy.model.schema import Field
from policy.reports.markdown import write_code
from tests.building import make_policy

pytest.importorskip("cel_expr_python", reason="the extra `cel` is not installed")


def read(expression, *, schema=SCHEMA):
    """The test that a policy with this expression, written in double quotes, requires."""
    return make_policy(f'require:\n  cel: "{expression}"\n', schema=schema).require


def refuse(text):
    """What is wrong with a policy: the problems."""
    with pytest.raises(PolicyError) as caught:
        make_policy(text)
    return caught.value.problems


def test_an_expression_is_a_test_of_a_fact_of_its_own():
    leaf = read("data.rows > 100 && approach == 'fine-tuning'")
    assert leaf.path == "cel:data.rows > 100 && approach == 'fine-tuning'"
    assert (leaf.test, leaf.operand.value, leaf.kind) == ("equals", True, BOOLEAN)
    assert leaf.reads == ("data.rows", "approach")
    assert str(leaf.location) == "policies/test.yaml:2:8"


def test_a_policy_reads_its_expressions_and_the_facts_in_them():
    policy = make_policy("when: {cel: needs.citations}\nrequire: {data.rows: {at_least: 1}}\n")
    assert policy.paths == {"cel:needs.citations", "needs.citations", "data.rows"}


@pytest.mark.parametrize(
    ("expression", "reads"),
    [
        ("data.change_interval > duration('720h')", ("data.change_interval",)),
        ("model.retires > timestamp('2026-11-20T00:00:00Z')", ("model.retires",)),
        ("evaluation.gain > 0.5 && training.seed == 42", ("evaluation.gain", "training.seed")),
        ("training.config.startsWith('train/')", ("training.config",)),
        ("'rouge' in evaluation.metrics", ("evaluation.metrics",)),
        ("evaluation.metrics.exists(m, m.matches('rouge.*'))", ("evaluation.metrics",)),
        ("needs.citations ? data.rows > 1 : stage == 'production'", ("needs.citations", "data.rows", "stage")),
        ("project == 'data.rows' && project != 'approach'", ("project",)),
        # The name of a loop's own variable is no field.
        ("[{'rows': 1}].exists(data, data.rows == 1) && project != ''", ("project",)),
        ("data . rows > 1", ("data.rows",)),
        ("data.rows > 1 // approach", ("data.rows",)),
    ],
)
def test_fields_are_typed_variables(expression, reads):
    assert read(expression).reads == reads


def test_own_fields_are_read_however_long_their_names():
    schema = SCHEMA.extended((Field(f"x.{'a' * 300}", STRING, "a long name"), Field("x.b", BOOLEAN, "a short one")))
    assert read(f"x.{'a' * 300} == '' || x.b", schema=schema).reads == (f"x.{'a' * 300}", "x.b")


def test_it_stands_wherever_a_condition_does():
    policy = make_policy("""\
when: {cel: needs.citations, approach: rag}
require:
  any:
    - cel: data.rows > 1
    - not: {cel: data.rows > 2}
    - all: [{cel: data.rows > 3}]
""")
    assert isinstance(policy.when, AllOf)
    assert isinstance(policy.require, AnyOf)
    assert isinstance(policy.require.items[1], Not)
    signs = {part.condition.path: set(part.signs) for part in walk_signed(policy) if hasattr(part.condition, "path")}
    assert signs["cel:data.rows > 1"] == {1}
    assert signs["cel:data.rows > 2"] == {-1}


# `§` stands before the place that is named; without one the whole expression is.
@pytest.mark.parametrize(
    ("expression", "message", "remedy"),
    [
        ("§data.rowz > 1", "unknown field `data.rowz`", "`data.rows`"),
        ("approach == 'rag' && §data.rowz > 1", "unknown field `data.rowz`", "`data.rows`"),
        ("project == 'é😀' && §rows > 1", "unknown field `rows`", "`data.rows`"),
        ("  §zzz == 1", "unknown field `zzz`", "policy schema manifest"),
        ("data §. rowz > 1", "unknown field `data.rowz`", "`data.rows`"),
        ("data.rows §> 1.5", "`>` does not work on int, double", "with a point"),
        ("evaluation.gain §> 1", "`>` does not work on double, int", "double(…)"),
        ("approach §> 1", "`>` does not work on string, int", "one type"),
        ("project.startsWith§(1)", "`startsWith` does not work on string, int", "one type"),
        ("data.rows >§", "cannot be read: mismatched input '<EOF>'", "mend it"),
        ("data.rows + 1", "gives a value of the type int", "compare"),
        ("dyn(data.rows)", "gives a value of any type", "compare"),
        ("1 == 1", "reads no fact", "at least one field"),
        ("§cost.run > 1.0", "cannot read `cost.run`, which is an amount of money", "without `cel`"),
        ("§tried.exists(t, t.score > 1.0)", "cannot read `tried`, which is a list of records", "without `cel`"),
        ("§approval.by == 'x'", "cannot read `approval.by`, which is known only after it", "without `cel`"),
        ("§now() > model.retires", "CEL has no function `now`", "functions"),
        ("project.§reverse() == 'x'", "CEL has no function `reverse`", "functions"),
        ("data.change_interval > duration(§'30d')", "'30d' is not a duration in CEL", "720h"),
        ("model.retires > timestamp( §'2026-11-20')", "'2026-11-20' is not a timestamp in CEL", "T00:00:00Z"),
        (f"{'(' * 60}needs.citations{')' * 60}", "nested too deeply", "several"),
        (f"project == '{'x' * LONGEST}'", f"{LONGEST + 13} characters", "predicate"),
    ],
)
def test_what_is_wrong_is_said_at_its_place(expression, message, remedy):
    (problem,) = refuse(f'require:\n cel: "{expression.replace("§", "")}"\n')
    assert message in problem.message
    assert remedy in problem.remedy
    assert problem.location[1:3] == (2, 8 + expression.find("§"))


def test_every_name_that_is_wrong_is_said():
    first, second = refuse("require: {cel: data.rowz > 1 && aproach == 'rag'}\n")
    assert first.message == "unknown field `data.rowz`"
    assert first.location[1:] == (1, 16, 1, 25)
    assert second.message == "unknown field `aproach`"
    assert second.location[1:] == (1, 33, 1, 40)


@pytest.mark.parametrize("style", ["|", ">", "|-"])
def test_in_a_block_the_place_within_the_expression_is_said(style):
    (problem,) = refuse(f"require:\n  cel: {style}\n    data.rows > 1 &&\n    data.rowz > 2\n")
    place = "line 1, column 18" if style == ">" else "line 2, column 1"
    assert problem.message == f"unknown field `data.rowz` ({place} of the expression)"
    assert problem.location[1:3] == (2, 8)


@pytest.mark.parametrize("value", ["", "~", "''", "'  '", "[data.rows]", "{a: b}"])
def test_an_expression_is_a_text(value):
    (problem,) = refuse(f"require: {{cel: {value}}}\n")
    assert problem.message == "`cel` needs an expression"


@pytest.mark.parametrize(
    "condition",
    [
        "tried: {some: {cel: score > 0.5}}",
        "tried: {each: {require: {any: [{cel: score > 0.5}]}}}",
        "tried: {count: {where: {not: {cel: score > 0.5}}, at_least: 1}}",
    ],
)
def test_inside_a_list_of_records_there_are_no_expressions(condition):
    (problem,) = refuse(f"require: {{{condition}}}\n")
    assert problem.message == "`cel` does not work inside a list of records"
    assert problem.remedy.startswith("write it outside the list")


def test_what_must_be_observed_is_not_read_by_an_expression():
    (problem,) = refuse("require: {data.secrets: 0, cel: data.secrets == 0}\nobserved: [data.secrets]\n")
    assert "`data.secrets` is under `observed`, and a CEL expression reads it" in problem.message
    assert problem.location.line == 2
    make_policy("require: {data.secrets: 0, cel: data.rows > 0}\nobserved: [data.secrets]\n")


def test_nobody_names_an_expression_as_a_field():
    for text in (
        "require: {'cel:data.rows > 1': true}\n",
        "require: {present: ['cel:data.rows > 1']}\n",
        "require: {needs.citations: {equals: {field: 'cel:data.rows > 1'}}}\n",
        "require: {approach: rag}\ncases: [{given: {'cel:data.rows > 1': true}, expect: pass}]\n",
        "require: {approach: rag}\ncases: [{absent: ['cel:data.rows > 1'], expect: pass}]\n",
    ):
        assert any("cel:data.rows > 1" in problem.message for problem in refuse(text))


@pytest.mark.parametrize("length", range(0, 60, 3))
def test_broken_expressions_are_problems(length):
    text = "!(data.rows>1?[1,2][0]:size('x')+{'a':2}.a)&&b'\\x00'!=r\"x\"||-1u in [.1e5]"[:length] + "\x7f))'"
    quoted = "".join(f"\\U{ord(character):08x}" for character in text)
    assert refuse(f'require: {{cel: "{quoted}"}}\n')


# What comes of it


def test_the_expression_is_part_of_the_identity():
    one, other = (encode_policy(make_policy(f"require: {{cel: data.rows > {bound}}}\n")) for bound in (1, 2))
    assert one["require"] == ["test", "cel:data.rows > 1", "equals", True]
    assert one != other


def test_prose():
    policy = make_policy(
        "when: {not: {cel: data.rows > 1}}\nrequire:\n  cel: |\n    data.rows > 2 &&\n    needs.citations\n"
    )
    assert describe_policy(policy, {}) == (
        "When the CEL expression `data.rows > 1` does not hold: "
        "the CEL expression `data.rows > 2 && needs.citations` must hold."
    )


def test_prose_in_a_page_marks_the_expression_once():
    from policy.language.phrases import Markup
    from policy.language.prose import ProseWriter

    leaf = read("data.rows > 1")
    said = ProseWriter({}, markup=Markup(name=write_code)).say(Not(leaf), must=True)
    assert said == "the CEL expression `data.rows > 1` must not hold"


CASES = """\
when: {approach: [fine-tuning, hybrid]}
require:
  any:
    - cel: data.rows / data.tokens > 0
    - stage: experiment
cases:
  - {given: {approach: hybrid, data.rows: 8, data.tokens: 2}, expect: pass}
  - {given: {approach: fine-tuning, data.rows: 1, data.tokens: 2, stage: production}, expect: fail}
  - {given: {approach: fine-tuning, data.rows: 1, stage: production}, expect: unknown}
  - {given: {approach: fine-tuning, stage: experiment}, expect: pass}
  - {given: {approach: rag}, expect: not-applicable}
"""


def test_cases():
    (policy,) = answer_cases([make_policy(CASES)], SCHEMA)
    assert [result.message for result in run_cases(policy, SCHEMA).results if not result.passed] == []
    assert run_cases(policy, SCHEMA).undecisive_leaves == ()


def test_a_case_that_fails_says_what_was_read():
    text = CASES.replace("data.tokens: 2, stage: production}, expect: fail", "data.tokens: 2}, expect: pass")
    (policy,) = answer_cases([make_policy(text)], SCHEMA)
    (failed,) = [result for result in run_cases(policy, SCHEMA).results if not result.passed]
    assert failed.message == (
        "the CEL expression `data.rows / data.tokens > 0` must hold (it does not hold; data.rows is 1, declared; "
        "data.tokens is 2, declared), or stage must be experiment (it is not known)"
    )


def test_a_case_that_breaks_its_expression_is_an_error():
    text = CASES.replace("data.rows: 8, data.tokens: 2", "data.rows: 8, data.tokens: 0")
    (policy,) = answer_cases([make_policy(text)], SCHEMA)
    (failed,) = [result for result in run_cases(policy, SCHEMA).results if not result.passed]
    assert failed.actual == "error"
    assert failed.message == "the CEL expression `data.rows / data.tokens > 0` broke: divide by zero"


def test_policies_without_expressions_start_no_process(monkeypatch):
    monkeypatch.setattr("policy.plugins.interpreter.start_interpreter", None)
    policies = [make_policy("require: {approach: rag}\ncases: [{given: {approach: rag}, expect: pass}]\n")]
    assert answer_cases(policies, SCHEMA) == policies


def test_mutants_drop_an_expression_or_turn_it_around():
    policy = make_policy("require: {cel: data.rows > 1, approach: rag}\n")
    names = [mutant.id for mutant in find_mutants(policy) if "cel:" in mutant.id]
    path = "require.all.cel:data.rows > 1.equals"
    assert [name.rpartition(" ")[2] for name in names] == ["dropped", "negated"], (names, path)


def test_a_case_that_is_offered_names_no_expression():
    text = """\
require: {any: [{cel: data.rows > 1}, {stage: production}]}
cases: [{given: {data.rows: 1, stage: experiment}, expect: fail}]
"""
    (policy,) = answer_cases([make_policy(text)], SCHEMA)
    survivors = try_mutants(policy, SCHEMA).survivors
    offered = [survivor.case for survivor in survivors if survivor.case]
    assert any("stage: production" in case for case in offered)
    assert not any("cel:" in case for case in offered)
