"""One layer of a policy set: what its file says by itself, before it is merged with the layers below it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.errors import PolicyError, Problem
from policy.loading.policy_sets.organisation_fields import read_fields
from policy.loading.policy_sets.settings import read_names, refuse_name
from policy.model.fields import SCHEMA
from policy.model.kinds import STRING
from policy.model.reading import NOTHING, FactReader
from policy.source.node import Mapping, Scalar, Sequence
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from policy.errors import Location
    from policy.loading.policy_sets.files import PolicySetFile
    from policy.model.schema import Field

    Name = tuple[str, Location | None]

WAIVING = ("waivers", "waiver_rules", "trusted")
KEYS = (
    "policy_set",
    "name",
    "extends",
    "policies",
    "without",
    "params",
    "effects",
    "on_unknown",
    "gates",
    "modes",
    "from",
    "final",
    "plugins",
    "fields",
    "tables",
    "evidence",
    "ledger",
    "approvals",
    "mlflow",
    *WAIVING,
)
FORMAT = "1"
CATALOGUE = "catalogue"


class Layer(NamedTuple):
    """A file of a policy set; `values` reads what stands in it, and collects what is wrong.

    `policies` are the places that it names; one that extends nothing and names none has the catalogue. `top` is the
    folder of the bundle that it is a file of, empty for any other file.
    """

    file: str
    folder: str
    root: Mapping
    values: FactReader
    name: str | None
    policies: tuple[Name, ...]
    plugins: tuple[Name, ...]
    fields: tuple[Field, ...]
    top: str = ""

    def locate(self, section: str, name: str) -> Location | None:
        """Where a key of one of its sections stands."""
        node = self.root.get(section)
        entry = node.entries.get(name) if isinstance(node, Mapping) else None
        return entry[0].location(self.file) if entry else None


def read_layer(found: PolicySetFile, problems: list[Problem]) -> Layer:
    """The layer in a file; what is wrong is added to `problems`. Raises PolicyError where it is no mapping."""
    file, root = found.document.file, found.document.root
    if not isinstance(root, Mapping):
        where = root.location(file)
        raise PolicyError(Problem("the policy set is not a mapping", "start with `policy_set: 1`", where))
    values = FactReader(SCHEMA, file, problems)
    _check_keys(root, values)
    names = _read_policies(root, values)
    plugins, fields = _read_places(root, "plugins", values), tuple(read_fields(root.get("fields"), values))
    top = found.root if found.prefix else ""
    if top:
        _refuse_escapes(root, found.folder, top, values)
    return Layer(file, found.folder, root, values, _read_name(root, values), names, plugins, fields, top)


def _refuse_escapes(root: Mapping, folder: str, top: str, values: FactReader) -> None:
    """Note what a file of a bundle names outside of the bundle, where only inside there is what was pinned."""
    from policy.loading.bundles.confinement import refuse_escape

    tables = root.get("tables")
    listed = [item for key in ("waivers",) if isinstance(node := root.get(key), Sequence) for item in node.items]
    listed += [node for _, node in tables.entries.values()] if isinstance(tables, Mapping) else []
    for item in listed:
        problem = isinstance(item, Scalar) and refuse_escape(folder, item.text, top, item.location(values.file))
        if problem:
            values.problems.append(problem)


def _read_places(root: Mapping, key: str, values: FactReader) -> tuple[Name, ...]:
    return tuple((name, node.location(values.file)) for name, node in read_names(root, key, values))


def _check_keys(root: Mapping, values: FactReader) -> None:
    for text, (key, _) in root.entries.items():
        if text not in KEYS:
            refuse_name(values, key, "key", text, KEYS)
    node = root.get("policy_set")
    if node is None:
        where = root.location(values.file)._replace(end_line=0)
        message = "the policy set does not say its format"
        values.problems.append(Problem(message, "add the line `policy_set: 1`", where))
    elif not (isinstance(node, Scalar) and node.text == FORMAT):
        shown = f"`{node.text}`" if isinstance(node, Scalar) else "no number"
        message = f"the policy set's format is {shown}; this version reads format 1"
        values.refuse(node, message, "write `policy_set: 1`")


def _read_name(root: Mapping, values: FactReader) -> str | None:
    node = root.get("name")
    value = NOTHING if node is None else values.read_value(STRING, node, "name")
    return None if value is NOTHING else str(value)


def _read_policies(root: Mapping, values: FactReader) -> tuple[Name, ...]:
    if root.get("policies") is not None:
        return _read_places(root, "policies", values)
    extends = root.get("extends")
    inherits = isinstance(extends, Sequence) and bool(extends.items)
    return () if inherits else ((CATALOGUE, None),)
