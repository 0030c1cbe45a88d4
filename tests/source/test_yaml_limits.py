from __future__ import annotations

from contextlib import suppress

import pytest

from policy.errors import PolicyError
from policy.source.limits import DEFAULT_LIMITS, Limits
from policy.source.node import Sequence
from policy.source.yaml_reader import read_yaml

pytestmark = pytest.mark.usefixtures("parser")

DEPTH = "lists and mappings are nested more than 40 levels deep"
SIZE = "the document holds more than 100,000 values, aliases written out"
MIB = 1024 * 1024


def read(data, limits=DEFAULT_LIMITS):
    return read_yaml(data, "m", limits).root


@pytest.mark.parametrize("unit", ["[", "{a: ", "[[{a: ", "- ", "? ", "{? ", "[? a : "])
def test_deep_nesting_is_refused(refuse, unit):
    (problem,) = refuse(read, (unit * 100_000).encode()[:MIB])
    assert problem.message == DEPTH


def test_deep_indentation_is_refused(refuse):
    text = "".join(" " * level + "a:\n" for level in range(100))
    (problem,) = refuse(read, text.encode())
    assert (problem.message, str(problem.location)) == (DEPTH, "m:41:41")


def test_nesting_up_to_the_limit_is_read():
    assert read(b"[" * 40 + b"]" * 40).items
    assert read(b"[[a]]", Limits(max_depth=2)).items


def test_aliases_do_not_nest_deeper_than_the_limit(refuse):
    """Each level is shallow, but the whole, aliases followed, would exhaust a reader that recurses."""
    lines = ["a0: &a0 [[[x]]]"] + [f"a{n}: &a{n} [[[*a{n - 1}]]]" for n in range(1, 50)]
    problems = refuse(read, "\n".join(lines).encode())
    assert problems[0].message == DEPTH
    assert str(problems[0].location) == "m:14:14"


def test_an_alias_bomb_is_refused(refuse):
    lines = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    (problem,) = refuse(read, "\n".join(lines).encode())
    assert problem.message == SIZE
    assert problem.location.line == 6


def test_aliases_count_as_what_they_stand_for(refuse):
    text = b"a: &x [1, 2, 3]\nb: *x\n"  # a mapping, two keys, and twice a list with its three items
    assert read(text, Limits(max_nodes=11))
    assert refuse(read, text, Limits(max_nodes=10))


def test_too_many_values_are_refused_where_they_pass_the_limit(refuse):
    (problem,) = refuse(read, b"[" + b"a," * 110_000 + b"]")
    assert (problem.message, str(problem.location)) == (SIZE, "m:1:200000")


def test_too_many_aliases_are_refused(refuse):
    text = "- &x a\n" + "- *x\n" * 201
    (problem,) = refuse(read, text.encode())
    assert (problem.message, str(problem.location)) == ("there are more than 200 aliases", "m:202:3")
    assert read(text.encode(), Limits(max_aliases=201))


def test_a_large_text_is_refused_before_it_is_decoded(refuse):
    (problem,) = refuse(read, b"\xff" * (DEFAULT_LIMITS.max_bytes + 1))
    assert problem.message == "the file is larger than 1,048,576 bytes"
    assert read(b"a" * DEFAULT_LIMITS.max_bytes)


def test_problems_found_before_a_limit_are_told_too(refuse):
    problems = refuse(read, b"- {a: 1, a: 2}\n- " + b"[" * 50)
    assert [problem.message for problem in problems] == ["the key `a` is given twice", DEPTH]


SIGNS = [*"]}!\n \t'\"#|\\", "&a ", "a ", "a\n", "--- ", "...\n", "---\n", "*a ", "&a1 [", "- [", "?a ", "-\n", "'' "]
SIGNS += [
    ": ",
    "!!str ",
    "\r\n",
    "a,",
    "a: |\n",
    "a: &a\n",
    "- &a x\n",
    "- *a\n",
    "<<: {}\n",
    "[]: a\n",
    "a:\n",
    "? a\n",
]
SIGNS += ["%YAML 1.1\n", "%FOO\n", "%TAG !a! b\n"]


@pytest.mark.parametrize("unit", SIGNS)
def test_a_million_bytes_of_anything_end(unit):
    """Nothing is asserted but the end: some of these took the parser seconds or a crash."""
    data = (unit * (MIB // len(unit))).encode()
    with suppress(PolicyError):
        assert read_yaml(data, "m").text == data.decode()


def test_limits_do_not_change():
    with pytest.raises(AttributeError):
        setattr(DEFAULT_LIMITS, "max_depth", 1)  # noqa: B010  what mypy would not let pass
    assert tuple(DEFAULT_LIMITS) == (MIB, 40, 200, 100_000)


def test_the_value_of_an_alias_is_shared():
    root = read(b"a: &x {k: [1]}\nb: *x\n")
    assert root.get("a") is root.get("b")
    assert isinstance(root.get("b").get("k"), Sequence)
