"""Which tests ask a real server, told from their source: those that start one, or take a fixture that does."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent
ROOT = Path(__file__).parents[4]
SERVE = (FOLDER / "serving.py", "serve")
"""What starts all of them."""


class Module(NamedTuple):
    """Its functions by name, and of what it has from other modules of the tests, where that is and what it is there."""

    functions: dict[str, ast.FunctionDef]
    imports: dict[str, tuple[Path, str]]


def list_tests(file: Path) -> list[str]:
    """The tests in a file; none where there is no such file."""
    return [name for name in read_module(file).functions if name.startswith("test_")] if file.exists() else []


def is_served(file: Path, test: str) -> bool:
    """Whether a test of a file asks a real server."""
    return starts(file, test, frozenset())


def is_file_served(file: Path) -> bool:
    """Whether every test of a file does."""
    tests = list_tests(file)
    return bool(tests) and all(is_served(file, test) for test in tests)


@cache
def read_module(file: Path) -> Module:
    nodes = ast.parse(file.read_text(encoding="utf-8")).body
    imports = {
        alias.asname or alias.name: (ROOT / f"{node.module.replace('.', '/')}.py", alias.name)
        for node in nodes
        if isinstance(node, ast.ImportFrom) and node.module is not None and node.module.startswith("tests.")
        for alias in node.names
    }
    return Module({node.name: node for node in nodes if isinstance(node, ast.FunctionDef)}, imports)


def starts(file: Path, name: str, seen: frozenset[tuple[Path, str]]) -> bool:
    """Whether a name in a file is a function by which a server is started."""
    if (file, name) == SERVE:
        return True
    if (file, name) in seen or not file.exists():
        return False
    seen, module = seen | {(file, name)}, read_module(file)
    if name in module.imports:
        return starts(*module.imports[name], seen)
    if name not in module.functions:
        return False
    found = module.functions[name]
    called = {node.id for node in ast.walk(found) if isinstance(node, ast.Name)}
    # What is local is called like a function of the module sometimes.
    called -= {argument.arg for argument in found.args.args}
    return any(starts(file, other, seen) for other in called) or any(
        starts(place, taken, seen) for place, taken in list_fixtures(file, found)
    )


def list_fixtures(file: Path, found: ast.FunctionDef) -> list[tuple[Path, str]]:
    """What pytest gives to a test or a fixture, each from its own file or else from the `conftest.py` beside it."""
    if not (found.name.startswith("test_") or any("fixture" in ast.unparse(one) for one in found.decorator_list)):
        return []
    module = read_module(file)
    own = {*module.functions, *module.imports}
    names = [argument.arg for argument in found.args.args]
    return [(file if name in own and name != found.name else file.with_name("conftest.py"), name) for name in names]
