"""CEL expressions in the command: judged, unknown, broken, refused, and without the library that reads them."""

from __future__ import annotations

import json
from importlib.util import find_spec

import pytest

needs_cel = pytest.mark.skipif(find_spec("cel_expr_python") is None, reason="the extra `cel` is not installed")

MANIFEST = "manifest: 1\nproject: tone\napproach: fine-tuning\ndata: {rows: 50}\n"
POLICY_SET = "policy_set: 1\npolicies: [policies]\n"
GREEDY = f"[project]{'.map(a, a + a + a + a + a + a + a + a + a + a)' * 12}.size() > 0"


def write(expression: str, more: str = "") -> dict[str, str]:
    """The files of a project, and of a policy set whose only policy requires the expression."""
    text = f"title: Enough rows\nseverity: high\nrequire:\n  cel: {json.dumps(expression)}\neffect: block\n{more}"
    return {
        "ml-manifest.yaml": MANIFEST,
        "policies/own/rows.yaml": f"policy: rows\n{text}",
        "policy.yaml": POLICY_SET,
    }


@needs_cel
@pytest.mark.parametrize(
    ("expression", "code", "outcome"),
    [
        ("data.rows > 10 && approach == 'fine-tuning'", 0, "pass"),
        ("data.rows > 100", 1, "fail"),
        ("data.tokens > 100", 0, "unknown"),
        ("data.tokens > 100 && data.rows > 100", 1, "fail"),
        ("data.rows / 0 > 1", 1, "error"),
        (GREEDY, 1, "error"),
    ],
)
def test_outcomes(plant, policy, expression, code, outcome):
    plant(write(expression))
    result = policy("check", "--output", "json")
    (decision,) = json.loads(result.out)["decisions"]
    assert [found["outcome"] for found in decision["outcomes"]] == [outcome]
    assert result.code == code
    assert result.err == ""


@needs_cel
def test_a_failure_names_the_expression_and_the_facts_in_it(plant, policy):
    plant(write("data.rows > 100"))
    said = " ".join(policy("check").out.split())
    assert "the CEL expression `data.rows > 100` does not hold, and must hold (data.rows is 50, declared)" in said
    assert "--> ml-manifest.yaml:4:14" in said


@needs_cel
def test_what_is_not_known_is_what_the_manifest_can_state(plant, policy):
    plant(write("data.tokens > 100 && data.rows > 10"))
    (decision,) = json.loads(policy("check", "--output", "json").out)["decisions"]
    (open_policy,) = decision["not_assessed"]
    assert open_policy["missing"] == ["data.tokens"]
    assert open_policy["settle"].startswith("state data.tokens in the manifest")


@needs_cel
def test_the_same_facts_give_the_same_decision(plant, policy):
    plant(write("data.rows > 100"))
    first, second = (policy("check", "--output", "json", "--effective-time", "2026-11-20") for _ in range(2))
    assert first.out == second.out


@needs_cel
def test_an_expression_that_hangs_is_an_error(plant, policy):
    ten = "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]"
    slow = f"{ten}.all(a, {ten}.all(b, {ten}.all(c, [project].all(p, !p.matches('(x+x+)+y')))))"
    files = write(slow)
    # The text is made here, where the manifest need not hold it.
    impatient = """\
import policy.evidence.expressions as expressions
expressions.Evaluator.__init__.__defaults__ = (1.0,)
convert = expressions.convert
expressions.convert = lambda kind, value: "x" * 50_000_000 if value == "tone" else convert(kind, value)
"""
    plant({**files, "site/sitecustomize.py": impatient})
    path = f"{policy.folder / 'site'}:{policy.environment['PYTHONPATH']}"
    result = policy("check", env={"PYTHONPATH": path})
    assert result.code == 1
    assert "gave no answer within 1 s" in " ".join(result.out.split())


@needs_cel
@pytest.mark.parametrize(
    ("expression", "place", "headline"),
    [
        ("data.rowz > 1", "5:9", "unknown field `data.rowz`"),
        ("data.rows > 1.0", "5:19", "the CEL expression does not fit: `>` does not work on int, double"),
        ("data.rows + 1", "5:8", "the CEL expression gives a value of the type int, not true or false"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_judged(plant, policy, expression, place, headline):
    plant(write(expression))
    result = policy("check")
    assert result.code == 2
    assert result.headlines == [f"error: policies/own/rows.yaml:{place}: {headline}"]
    assert result.out == ""


CASES = """\
cases:
  - {given: {data.rows: 101}, expect: pass}
  - {given: {data.rows: 100}, expect: fail}
  - {given: {approach: rag}, expect: unknown}
"""


@needs_cel
def test_cases(plant, policy):
    plant(write("data.rows > 100", CASES))
    result = policy("test", "--require-cases", "--mutate")
    assert result.out.splitlines() == [
        "ok   rows: 3 of 3 cases pass, 2 of 2 mutants killed",
        "1 policy, 3 of 3 cases pass, 1 of 1 policy covered",
        "2 of 2 mutants killed: 100 %",
    ]
    assert result.code == 0


@needs_cel
def test_a_case_on_which_the_expression_breaks_fails(plant, policy):
    plant(write("100 / data.rows > 1", "cases: [{given: {data.rows: 0}, expect: fail}]\n"))
    result = policy("test")
    assert "expected fail, got error: the CEL expression `100 / data.rows > 1` broke: divide by zero" in result.out
    assert result.code == 1


@needs_cel
def test_what_else_reads_policies(plant, policy):
    plant(write("data.rows > 100 || approach == 'rag'", CASES))
    assert policy("lint", "policies").code in (0, 1)
    assert policy("list").code == 0
    explained = policy("explain", "rows", ".")
    assert explained.code == 0
    assert "the CEL expression `data.rows > 100 || approach == 'rag'` must hold" in " ".join(explained.out.split())
    assert policy("docs", "--output", "pages").code == 0
    page = (policy.folder / "pages/own/rows.md").read_text()
    assert "`data.rows > 100 || approach == 'rag'`" in page
    assert "cel:" not in page.replace("  cel: ", "")


# Without the library


@pytest.fixture
def without(plant, policy):
    """The environment of a command that cannot import the library."""
    plant({"site/cel_expr_python.py": "raise ModuleNotFoundError(name='cel_expr_python')\n"})
    return {"PYTHONPATH": f"{policy.folder / 'site'}:{policy.environment['PYTHONPATH']}"}


@pytest.mark.parametrize("command", ["check", "test", "list"])
def test_without_the_library_a_policy_with_an_expression_is_refused(plant, policy, without, command):
    plant(write("data.rows > 100", CASES))
    result = policy(command, env=without)
    assert result.code == 2
    place = "policies/own/rows.yaml:5:8"
    assert result.headlines == [f"error: {place}: a CEL expression needs a library that is not installed"]
    assert result.helps == ["install it with pip install 'tunegate[cel]', or write the policy without `cel`"]


def test_without_the_library_other_policies_are_judged(plant, policy, without):
    files = write("data.rows > 100")
    other = files["policies/own/rows.yaml"].replace("cel: ", "approach: ").replace("data.rows > 100", "fine-tuning")
    plant({**files, "policies/own/rows.yaml": other})
    assert policy("check", env=without).code == 0
