from __future__ import annotations

import ast
from textwrap import dedent

import pytest

from policy.evidence.source.names import Names


def name_last(source):
    """What the function may be that the last call of a source calls."""
    names = Names([ast.parse(dedent(source))])
    _, call, scope = max(names.calls, key=lambda found: (found[1].lineno, found[1].end_col_offset))
    return set(names.resolve(call.func, scope))


@pytest.mark.parametrize(
    ("source", "values"),
    [
        ("import a\na()", {"a"}),
        ("import a.b\na.c()", {"a.c"}),
        ("import a.b as c\nc()", {"a.b"}),
        ("from a import b\nb.c()", {"a.b.c"}),
        ("from a.b import c as d\nd()", {"a.b.c"}),
        ("from .a import b\nb()", {".a.b"}),
        ("from .. import a\na.b()", {"...a.b"}),
        ("from a import *\nb()", {"a.b", "?"}),
        ("b()", {"?"}),
        ("b[0].c()", {"?.c"}),
        ("from a import b\nc = d = b\nd()", {"a.b"}),
        ("from a import b, c\nd = b if x else c\nd()", {"a.b", "a.c"}),
        ("from a import b, c\nd = b or c\nd()", {"a.b", "a.c"}),
        ("from a import b\nc: object = b\nc()", {"a.b"}),
        ("from a import b\nc: object\nc()", {"?"}),
        ("from a import b\nif c := b():\n    c.d()", {"a.b().d"}),
        ("from a import b\nwith b() as c:\n    c.d()", {"a.b().d"}),
        ("from a import b\nasync def f():\n    async with b() as c:\n        c.d()", {"a.b().d"}),
        ("from a import b\nasync def f():\n    (await b()).d()", {"a.b().d"}),
        ("from a import b\nx, (y, z) = 1, b()\ny.d()", {"a.b().d"}),
        ("from a import b, c\nx, y = b, c\ny()", {"a.c"}),
        ("from a import b, c\nfor x in [b, c]:\n    x()", {"a.b", "a.c"}),
        ("from a import b\nfor x in b:\n    x()", {"?"}),
        # functions and classes of the source itself
        ("from a import b\ndef f():\n    return b()\nf().d()", {"a.b().d"}),
        (
            "from a import b, c\ndef f():\n    if x:\n        return b()\n    return c()\nf().d()",
            {"a.b().d", "a.c().d"},
        ),
        ("from a import b\ndef f():\n    def g():\n        return b()\n    return 1\nf().d()", {"?.d"}),
        ("from a import b\nf = lambda: b()\nf().d()", {"a.b().d"}),
        ("def f(): pass\nf()", {"?"}),
        ("from a import b\nclass C(b): pass\nC()", {"a.b"}),
        ("from a import b\nclass C(b[int], x=1): pass\nC()", {"?"}),
        ("class C: pass\nC()", {".C"}),
        # scopes
        ("from a import b\ndef f(b):\n    b()", {"?"}),
        ("from a import b\ndef f(c=b):\n    c()", {"?", "a.b"}),
        ("from a import b\ndef f(*, c=b):\n    c()", {"?", "a.b"}),
        ("from a import b\ndef f(c: b):\n    c.d()", {"a.b().d"}),
        ("from a import b\ndef f(*c: b, **d: b):\n    e()", {"?"}),
        ("from a import b\ndef f():\n    b = 1\ndef g():\n    b()", {"a.b"}),
        ("def f():\n    from a import b\nb()", {"?"}),
        ("from a import b\nclass C:\n    b = 1\n    def f(self):\n        b()", {"a.b"}),
        (
            "from a import b\nclass C:\n    def f(self):\n        self.x = b()\n    def g(self):\n        self.x.d()",
            {"a.b().d"},
        ),
        ("from a import b\nx.y = b()\nx.y.d()", {"a.b().d"}),
        ("import a\na.b = None\na.b()", {"a.b"}),
        # circles
        ("a = a\na()", set()),
        ("a = b\nb = a\na()", set()),
        ("from x import a\na = a.b()\na()", {"x.a", "x.a.b()"}),
        ("def f():\n    return f()\nf().a()", set()),
        ("class A(B): pass\nclass B(A): pass\nA()", set()),
    ],
)
def test_what_a_name_stands_for(source, values):
    assert name_last(source) == values


def test_trees_share_their_names():
    names = Names([ast.parse("import a as b"), ast.parse("b.c()")])
    ((number, call, scope),) = names.calls
    assert (number, names.resolve(call.func, scope)) == (1, ("a.c",))


def test_there_is_an_end_to_what_is_followed():
    wide = "\n".join(f"from a import b{number}\nx = b{number}" for number in range(100))
    assert len(name_last(f"{wide}\nx()")) == 16
    assert name_last(f"import a\na.{'b' * 300}()") == set()
    assert name_last("import a\na" + ".b()" * 100) <= {"?" + ".b()" * number + ".b" for number in range(100)}
