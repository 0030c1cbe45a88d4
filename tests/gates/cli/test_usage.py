from __future__ import annotations

import click
import pytest

from policy.errors import PolicyError
from policy.gates.cli.usage import NameOf, describe_usage, refuse_name, suggest_name

MANY = [f"name-{letter}{letter}" for letter in "abcdefghijklmnop"]


@pytest.mark.parametrize(
    ("name", "known", "remedy"),
    [
        ("aplha", ["alpha", "beta"], "write `alpha`"),
        ("xyz", ["alpha", "beta"], "there are alpha, beta"),
        ("xyz", MANY, "look elsewhere"),
        ("name-cc-", MANY, "write `name-cc`"),
    ],
)
def test_the_nearest_name_or_all_or_where_they_are(name, known, remedy):
    assert suggest_name(name, known, "look elsewhere") == remedy


def test_all_names_where_there_is_nowhere_else():
    assert suggest_name("xyz", MANY) == f"there are {', '.join(MANY)}"


def test_a_name_that_is_not_known():
    (problem,) = refuse_name("gate", "cii", ["ci"]).problems
    assert problem.message == "there is no gate `cii`"


def test_one_of_some_names():
    kind = NameOf("gate", ("check", "ci"))
    assert kind.convert("ci", None, None) == "ci"
    with pytest.raises(PolicyError, match="there is no gate `cii`"):
        kind.convert("cii", None, None)


def test_what_click_refuses_is_said_in_a_sentence():
    @click.command("own")
    @click.argument("place")
    @click.option("--number", type=int)
    def own(place: str, number: int) -> None: ...

    def refuse(*arguments: str) -> tuple[str, str]:
        with pytest.raises(click.UsageError) as caught:
            own.make_context("own", list(arguments))
        return describe_usage(caught.value)[:2]

    assert refuse() == ("`own` needs PLACE", "`own --help` says how it is called")
    assert refuse("x", "--numbr", "1") == ("`own` has no option `--numbr`", "write `--number`")
    assert refuse("x", "--number", "y")[0] == "`--number`: 'y' is not a valid integer"
    assert refuse("x", "--number")[0] == "`--number` needs a value"
    assert refuse("x", "y")[0] == "got unexpected extra argument (y)"
