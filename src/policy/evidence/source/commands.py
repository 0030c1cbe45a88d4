"""Commands that Python or a notebook starts → the names that those which train are known by, such as `$ trl sft`."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from policy.evidence.tools.commands import split_commands, strip_wrappers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from policy.evidence.source.scopes import Scope

# What stands for a line of a shell in a notebook's cell.
SHELL = "__shell__"
_STARTING = frozenset(
    {f"subprocess.{name}" for name in ("run", "call", "check_call", "check_output", "Popen")}
    | {"os.system", "os.popen"}
)
# A word that is only known when it runs.
_OPEN = "?"
# What starts a module of Python, `sys.executable` among them.
_LAUNCHER = re.compile(r"python[\d.]*|accelerate|torchrun|deepspeed|\?")
_HELP = frozenset({"--help", "-h"})
# What a hostile source could drive up.
_LONGEST, _DEEPEST, _MOST_ORIGINS = 20_000, 4, 4
# More words tell nothing of what is started.
_MOST_WORDS = 3


def name_commands(call: ast.Call, called: Iterable[str], scope: Scope) -> Iterator[str]:
    """The names of the commands that a call starts; `called` are the names of what is called."""
    is_shell = isinstance(call.func, ast.Name) and call.func.id == SHELL
    if call.args and (is_shell or not _STARTING.isdisjoint(called)):
        for words in _list_commands(call.args[0], scope):
            yield from _name(words)


def _list_commands(node: ast.expr, scope: Scope, depth: int = 0) -> Iterator[list[str]]:
    """The words of each command: of a text, of a list of words, and of what a name was given."""
    match node:
        case ast.List(elts=items) | ast.Tuple(elts=items):
            yield strip_wrappers([_read_text(item) or _OPEN for item in items])
        case ast.Name(id=name) if depth < _DEEPEST:
            for origin, place in scope.find(name)[:_MOST_ORIGINS]:
                if isinstance(origin, ast.expr):
                    yield from _list_commands(origin, place, depth + 1)
        case ast.Call(args=[text, *_]) if depth < _DEEPEST:
            # As with `shlex.split`.
            yield from _list_commands(text, scope, depth + 1)
        case _:
            yield from split_commands(_read_text(node)[:_LONGEST])


def _read_text(node: ast.expr) -> str:
    """A text as far as it is written down; empty for anything else."""
    match node:
        case ast.Constant(value=str() as text):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(_read_text(part) or _OPEN for part in parts)
    return ""


def _name(words: list[str]) -> Iterator[str]:
    """The names of a command: its first words without its options, each number of them, or the module it starts."""
    if not words or not _HELP.isdisjoint(words):
        return
    program = words[0].rpartition("/")[2]
    if _LAUNCHER.fullmatch(program):
        if "-m" in words[:-1]:
            yield f"$ python -m {words[words.index('-m') + 1]}"
        return
    plain = [program, *(word for word in words[1:] if not word.startswith("-"))][:_MOST_WORDS]
    yield from (f"$ {' '.join(plain[:count])}" for count in range(2, len(plain) + 1))
