"""The cards of data sets and models: what the YAML header of a README.md says of licences."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from policy.errors import PolicyError, Problem
from policy.evidence.licenses.files import read_described
from policy.evidence.licenses.names import identify, is_silent
from policy.evidence.licenses.statements import Statement, make_statement
from policy.evidence.tools.config_reading import get_text
from policy.model.fields import DATASET_CARD, MODEL_CARD
from policy.source.node import Mapping, Scalar, Sequence
from policy.source.yaml_reader import read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.errors import Location
    from policy.source.node import Node

CARD_NAME: Final = "README.md"
_MARK = b"license"
_START = re.compile(rb"(?:\xef\xbb\xbf)?---[ \t]*\r?\n")
_HEADER = re.compile(rb"(?:\xef\xbb\xbf)?---[ \t]*\r?\n(.*?)^---[ \t]*\r?$", re.DOTALL | re.MULTILINE)
_KEYS = ("license", "licenses")
# Only cards of this kind have these keys, by Hugging Face's specifications of both.
_MODEL_KEYS = ("base_model", "library_name", "model-index", "pipeline_tag")
_DATASET_KEYS = ("annotations_creators", "configs", "dataset_info", "size_categories", "source_datasets", "task_ids")


def read_card(root: str, file: str, problems: list[Problem]) -> Statement | None:
    """What the card in a file below the root says; None where there is none, or no header that speaks of a licence.

    A header that cannot be read is noted as a warning.
    """
    data = read_described(root, file, lambda head: _START.match(head) is not None, problems)
    found = _HEADER.match(data) if data else None
    if data is None or found is None or _MARK not in found[1]:
        return None
    try:
        # An empty line stands for the dashes, so that positions are those of the file.
        header = read_yaml(b"\n" + found[1], file).root
    except PolicyError as error:
        fault = error.problems[0]
        message = f"the header of this card cannot be read: {fault.message}"
        problems.append(Problem(message, fault.remedy, fault.location, level="warning"))
        return None
    if not isinstance(header, Mapping):
        return None
    kind = _tell_kind(header)
    source = MODEL_CARD if kind == "model" else DATASET_CARD
    return make_statement(file, source, sha256(data).hexdigest(), kind, _list_written(header, file), problems)


def _tell_kind(header: Mapping) -> str:
    if any(key in header.entries for key in _MODEL_KEYS):
        return "model"
    return "dataset" if any(key in header.entries for key in _DATASET_KEYS) else ""


def _list_written(header: Mapping, file: str) -> Iterator[tuple[str, Location]]:
    for key in _KEYS:
        for scalar in _list_scalars(header.get(key)):
            if scalar.text.strip() and not scalar.is_null:
                name = scalar.text.strip()
                yield (_name_other(header) if name.lower() == "other" else name), scalar.location(file)


def _name_other(header: Mapping) -> str:
    """What `license: other` stands for: the name given beside it, or the licence at a known address."""
    name, link = get_text(header, "license_name").strip(), get_text(header, "license_link").strip()
    if name and not is_silent(name):
        return name
    return identify(link) if identify(link) != link else "other"


def _list_scalars(node: Node | None) -> Iterator[Scalar]:
    """The values in a licence's place: one, a list, or lists by configuration."""
    if isinstance(node, Scalar):
        yield node
    for item in node.items if isinstance(node, Sequence) else ():
        yield from _list_scalars(item)
    for _, value in node if isinstance(node, Mapping) else ():
        yield from _list_scalars(value)
