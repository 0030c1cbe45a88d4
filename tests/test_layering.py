"""Imports point one way, gates are blind to each other, and no modules import each other in a circle."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

SOURCE = Path(__file__).resolve().parent.parent / "src"

# What each part of the package may import; itself and the version always.
ALLOWED = {
    "structs": set(),
    "web": set(),
    "errors": set(),
    "source": {"errors"},
    "model": {"errors", "source"},
    "language": {"errors", "source", "model"},
    "plugins": {"errors", "source", "model"},
    "evidence": {"errors", "source", "model", "plugins", "web"},
    "engine": {"errors", "source", "model", "language"},
    "loading": {"errors", "source", "model", "language", "plugins", "web"},
    "reports": {"errors", "source", "model", "language", "plugins"},
    "records": {"errors", "source", "model"},
}
for allowed in ALLOWED.values():
    allowed.add("structs")
ALLOWED["app"] = set(ALLOWED)
ALLOWED["gates"] = {*ALLOWED, "app"}


class Import(NamedTuple):
    importer: str
    target: str
    line: int
    # Under TYPE_CHECKING, or only named: it points somewhere, but nothing runs in a circle.
    runs: bool
    # Inside a function.
    late: bool


def find_modules(source: Path) -> dict[str, Path]:
    """Every module of the package by its dotted name; a package goes by the folder's."""
    modules = {}
    for file in sorted(source.glob("policy/**/*.py")):
        parts = file.relative_to(source).with_suffix("").parts
        modules[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return modules


def find_imports(importer: str, file: Path, modules: dict[str, Path]) -> Iterator[Import]:
    """Every import of the package's own modules: also late, for types only, or named in a string."""
    package = importer if file.name == "__init__.py" else importer.rpartition(".")[0]
    pending: list[tuple[ast.AST, bool, bool]] = [(ast.parse(file.read_text(encoding="utf-8")), True, False)]
    while pending:
        node, runs, late = pending.pop()
        for target in read_targets(node, package, modules):
            named = isinstance(node, ast.Constant)
            yield Import(importer, target, getattr(node, "lineno", 1), runs and not named, late or named)
        late = late or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for child in ast.iter_child_nodes(node):
            types_only = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test) and child in node.body
            pending.append((child, runs and not types_only, late))


def read_targets(node: ast.AST, package: str, modules: dict[str, Path]) -> list[str]:
    """The package's own modules that one statement imports, or one string names."""
    match node:
        case ast.Import(names=names):
            targets = [alias.name for alias in names]
        case ast.ImportFrom(module=module, names=names, level=level):
            base = ".".join(package.split(".")[: len(package.split(".")) - level + 1]) if level else ""
            origin = ".".join(part for part in (base, module) if part)
            inner = [f"{origin}.{alias.name}" for alias in names]
            targets = [name if name in modules else origin for name in inner]
        case ast.Constant(value=str(name)) if name != "policy" and name.partition(":")[0] in modules:
            targets = [name.partition(":")[0]]
        case _:
            targets = []
    return [target for target in dict.fromkeys(targets) if target.partition(".")[0] == "policy"]


def judge(found: Import) -> str | None:
    """What is wrong with an import, if anything is."""
    importer, target = found.importer.split(".")[1:], found.target.split(".")[1:]
    if target == ["__about__"]:
        return None
    if not importer:
        return None if found.late or not found.runs else "the package itself imports its parts late"
    if not target:
        return "a part imports the package itself"
    if importer[0] not in ALLOWED or target[0] not in ALLOWED:
        return "there is a part that ALLOWED does not know"
    if importer[0] == target[0] == "gates":
        return None if importer[1:2] == target[1:2] or not target[1:] else "gates are blind to each other"
    if importer[0] != target[0] and target[0] not in ALLOWED[importer[0]]:
        return f"{importer[0]} may not import {target[0]}"
    return None


def check(source: Path) -> list[str]:
    """Every import that points the wrong way, and the first circle."""
    modules = find_modules(source)
    imports = [found for name, file in modules.items() for found in find_imports(name, file, modules)]
    wrong = [
        f"{found.importer}:{found.line} imports {found.target}: {problem}"
        for found in imports
        if (problem := judge(found))
    ]
    graph: dict[str, set[str]] = {name: set() for name in modules}
    for found in imports:
        # The package itself names its parts late; every import of a part runs it first.
        if found.runs and found.importer != "policy":
            graph[found.importer].add(found.target)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        wrong.append("circle: " + " <- ".join(error.args[1]))
    return wrong


def test_the_package_holds_the_arrow():
    assert len(find_modules(SOURCE)) > 1
    assert check(SOURCE) == []


GOOD = {
    "policy/__init__.py": "def judge():\n    from policy.app import judge\n",
    "policy/__about__.py": "__version__ = '1'",
    "policy/errors.py": "",
    "policy/source/__init__.py": "from policy.source.node import Node",
    "policy/source/node.py": "if TYPE_CHECKING:\n    from policy.source.reader import read",
    "policy/source/reader.py": "import policy.errors\nfrom . import node\nfrom .node import Node",
    "policy/app.py": "from policy import source, errors\nimport policy.source.node as node",
    "policy/gates/__init__.py": "",
    "policy/gates/cli/__init__.py": "",
    "policy/gates/cli/main.py": "import policy.__about__\nfrom policy.gates.cli import page",
    "policy/gates/cli/page.py": "from policy.app import judge\nNAMES = ['policy.source.node:Node']",
    "policy/gates/mlflow.py": "from policy import gates",
}


def plant(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def test_what_is_allowed_is_not_reported(tmp_path):
    assert check(plant(tmp_path, GOOD)) == []


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [
        ("policy/errors.py", "import policy.source.node", "errors may not import source"),
        ("policy/errors.py", "from policy import source", "errors may not import source"),
        ("policy/source/node.py", "from ..app import judge", "source may not import app"),
        ("policy/source/node.py", "def f():\n    import policy.app", "source may not import app"),
        ("policy/source/node.py", "if TYPE_CHECKING:\n    import policy.app", "source may not import app"),
        ("policy/source/node.py", "import_module('policy.app')", "source may not import app"),
        ("policy/source/node.py", "NAMES = {'a': 'policy.app:judge'}", "source may not import app"),
        ("policy/app.py", "import policy.gates.cli.main", "app may not import gates"),
        ("policy/gates/mlflow.py", "import policy.gates.cli.main", "gates are blind to each other"),
        ("policy/source/node.py", "from policy import judge", "a part imports the package itself"),
        ("policy/__init__.py", "from policy.app import judge", "the package itself imports its parts late"),
        ("policy/stuff.py", "import policy.errors", "ALLOWED does not know"),
        ("policy/source/node.py", "import policy.source.reader", "circle"),
        ("policy/source/node.py", "def f():\n    from .reader import read", "circle"),
        ("policy/source/node.py", "from policy.source import Node", "circle"),
        ("policy/source/node.py", "if TYPE_CHECKING:\n  x\nelse:\n  import policy.source.reader", "circle"),
    ],
)
def test_a_planted_violation_is_found(file, text, expected, tmp_path):
    first, *_ = check(plant(tmp_path, {**GOOD, file: text}))
    assert expected in first
