"""The cards of data sets and models: what the YAML header of a README.md says of licences."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from policy.errors import Location, PolicyError, Problem
from policy.evidence.paths import confine
from policy.evidence.tools.config_reading import get_text
from policy.source.file import read_bytes
from policy.source.node import Mapping, Scalar, Sequence
from policy.source.yaml_reader import read_yaml
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.source.node import Node

CARD_NAME = "README.md"
_MARK = b"license"
_HEADER = re.compile(rb"(?:\xef\xbb\xbf)?---[ \t]*\r?\n(.*?)^---[ \t]*\r?$", re.DOTALL | re.MULTILINE)
_KEYS = ("license", "licenses")
# Only cards of this kind have these keys, by Hugging Face's specifications of both.
_MODEL_KEYS = ("base_model", "library_name", "model-index", "pipeline_tag")
_DATASET_KEYS = ("annotations_creators", "configs", "dataset_info", "size_categories", "source_datasets", "task_ids")
# They stand where a licence is asked for and name none.
_SAYING_NOTHING = ("", "other", "unknown", "none", "null", "n/a")


class Card(NamedTuple):
    """What a card says: its file, relative to the root, and every licence it names, with its place.

    `kind` is dataset or model where the header shows it, else empty.
    """

    file: str
    kind: str
    licenses: tuple[tuple[str, Location], ...]

    @property
    def license(self) -> str:
        """The licence, where the card names exactly one."""
        names = {name for name, _ in self.licenses}
        return names.pop() if len(names) == 1 else ""


def read_card(root: str, file: str, problems: list[Problem]) -> Card | None:
    """The card in a file below the root; None where there is none, or no header that speaks of a licence.

    A header that cannot be read is noted as a warning.
    """
    try:
        data = read_bytes(confine(root, file), file)
    except PolicyError:
        return None
    found = _HEADER.match(data)
    if found is None or _MARK not in found[1]:
        return None
    try:
        # An empty line stands for the dashes, so that positions are those of the file.
        header = read_yaml(b"\n" + found[1], file).root
    except PolicyError as error:
        fault = error.problems[0]
        message = f"the header of this card cannot be read: {fault.message}"
        problems.append(Problem(message, fault.remedy, fault.location, level="warning"))
        return None
    return Card(file, _tell_kind(header), tuple(_list_licenses(header, file))) if isinstance(header, Mapping) else None


def _tell_kind(header: Mapping) -> str:
    if any(key in header.entries for key in _MODEL_KEYS):
        return "model"
    return "dataset" if any(key in header.entries for key in _DATASET_KEYS) else ""


def _list_licenses(header: Mapping, file: str) -> Iterator[tuple[str, Location]]:
    own_name = get_text(header, "license_name")
    for key in _KEYS:
        for scalar in _list_scalars(header.get(key)):
            name = scalar.text.strip()
            if name.lower() == "other" and own_name:
                name = own_name
            if name.lower() not in _SAYING_NOTHING and not scalar.is_null:
                yield name, scalar.location(file)


def _list_scalars(node: Node | None) -> Iterator[Scalar]:
    """The values in a licence's place: one, a list, or lists by configuration."""
    if isinstance(node, Scalar):
        yield node
    for item in node.items if isinstance(node, Sequence) else ():
        yield from _list_scalars(item)
    for _, value in node if isinstance(node, Mapping) else ():
        yield from _list_scalars(value)
