from __future__ import annotations

import ast

import pytest

from policy.evidence.source.commands import SHELL
from policy.evidence.source.magics import parse_cell
from policy.evidence.source.python_parts import UnparsedError


def show(*lines):
    """The Python that is left, with the line and column of each statement."""
    tree = parse_cell(list(lines))
    return [(ast.unparse(node), node.lineno, node.col_offset) for node in tree.body]


def shell(text):
    return f"{SHELL}({text!r})"


@pytest.mark.parametrize(
    ("lines", "left"),
    [
        (["!pip install trl", "x = 1"], [(shell("pip install trl"), 1, 0), ("x = 1", 2, 0)]),
        (["%matplotlib inline", "", "x = 1"], [("pass", 1, 0), ("x = 1", 3, 0)]),
        (
            ["!pip install a \\", "    b \\", "    c", "x = 1"],
            [(shell("pip install a \\\n    b \\\n    c"), 1, 0), ("x = 1", 4, 0)],
        ),
        (["x = !ls", "y = %sql select 1"], [(f"x = {shell('ls')}", 1, 0), ("y = None", 2, 0)]),
        (["print?", "?print", "model??"], [("pass", 1, 0), ("pass", 2, 0), ("pass", 3, 0)]),
        (["%time f(1)"], [("True", 1, 0), ("f(1)", 1, 6)]),
        (["%timeit  f(1)"], [("True", 1, 0), ("f(1)", 1, 9)]),
        (["%time", "x = 1"], [("pass", 1, 0), ("x = 1", 2, 0)]),
        (["%%time", "f(1)"], [("f(1)", 2, 0)]),
        (["", "%%capture out", "!pip install trl", "f(1)"], [(shell("pip install trl"), 3, 0), ("f(1)", 4, 0)]),
        (["", "%%bash -e", "cd a", "  python b.py"], [(shell("cd a\n  python b.py"), 2, 0)]),
        (["%%writefile train.py", "f(1)"], []),
        (["%%", "f(1)"], []),
        (
            ["if a:", "    !pip install x", "else:", "    f(1)"],
            [(f"if a:\n    {shell('pip install x')}\nelse:\n    f(1)", 1, 0)],
        ),
        # Not magics: Python can read them.
        (["x = (a", "     % b)"], [("x = a % b", 1, 0)]),
        (["!pip install x", "x = (a", "% b)"], [(shell("pip install x"), 1, 0), ("x = a % b", 2, 0)]),
        (["x = '''", "!pip", "%time", "'''"], [("x = '\\n!pip\\n%time\\n'", 1, 0)]),
        (["await f(1)"], [("await f(1)", 1, 0)]),
        (["!pip install x", "x = 1  # why?", "# why?"], [(shell("pip install x"), 1, 0), ("x = 1", 2, 0)]),
        ([""], []),
    ],
)
def test_what_is_not_for_python_is_taken_out_in_its_place(lines, left):
    assert show(*lines) == left


@pytest.mark.parametrize(
    ("lines", "line"),
    [(["x = = 1"], 1), (["!pip install x", "print 'hello'"], 2), (["%time f(", "x"], 1), (["if a:", "!pip"], 2)],
)
def test_what_is_no_python_either_is_refused_where_it_is(lines, line):
    with pytest.raises(UnparsedError) as refusal:
        parse_cell(lines)
    assert refusal.value.line == line


def test_the_lines_themselves_stay_as_they_are():
    lines = ["!pip install x"]
    parse_cell(lines)
    assert lines == ["!pip install x"]


@pytest.mark.parametrize("line", ["!x \\", "%x", "x?", "x = !y", " " * 50_000, "? " * 20_000, "a." * 20_000 + "="])
def test_a_cell_of_nothing_else_is_read_in_a_few_looks(line):
    with pytest.raises(UnparsedError) as refusal:
        parse_cell([*[line] * 20, "", "x = = 1"])
    assert refusal.value.line
