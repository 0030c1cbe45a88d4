"""What a project states about itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.errors import PolicyError, Problem
from policy.model.fields import SCHEMA
from policy.model.reading import FactReader
from policy.source.node import Document, Mapping, Scalar
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from policy.model.fact import Fact
    from policy.model.schema import Schema

MANIFEST_NAME = "ml-manifest.yaml"
FORMAT = "1"


class Manifest(NamedTuple):
    """A manifest as read: the project's name, the file (relative to the root), and the declared facts."""

    project: str
    file: str
    claims: tuple[Fact, ...]

    @property
    def folder(self) -> str:
        """The folder that the manifest covers, relative to the root; empty for the root itself."""
        return self.file.rpartition("/")[0]


def read_manifest(document: Document, schema: Schema = SCHEMA) -> Manifest:
    """The manifest that the document holds. Raises PolicyError with every problem found."""
    root, file = document.root, document.file
    if not isinstance(root, Mapping):
        raise PolicyError(
            Problem("the manifest is not a mapping of fields", "start with `manifest: 1`", root.location(file))
        )
    problems: list[Problem] = []
    _check_format(root, file, problems)
    claims = FactReader(schema, file, problems, source=file).read(root, skip=("manifest",))
    name = root.get("project")
    if name is None or (isinstance(name, Scalar) and name.is_null):
        problems.append(
            Problem("the manifest names no project", "add `project: NAME`", root.location(file)._replace(end_line=0))
        )
    if problems:
        raise PolicyError(*sorted(problems, key=lambda problem: problem.location or ()))
    project = next(fact.value for fact in claims if fact.path == "project")
    return Manifest(project, file, tuple(claims))


def _check_format(root: Mapping, file: str, problems: list[Problem]) -> None:
    node = root.get("manifest")
    if node is None:
        where = root.location(file)._replace(end_line=0)
        problems.append(Problem("the manifest does not say its format", "add the line `manifest: 1`", where))
    elif not (isinstance(node, Scalar) and node.text == FORMAT):
        found = f"`{node.text}`" if isinstance(node, Scalar) else "no number"
        problems.append(
            Problem(
                f"the manifest's format is {found}; this version reads format 1",
                "write `manifest: 1`",
                node.location(file),
            )
        )
