"""Where files of models are: addresses taken apart, so that two writings of one place are the same."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from policy.gates.mlflow.server.refusals import refuse_invalid
from policy.source.display import quote_name
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_RUN: Final = re.compile(r"[0-9a-f]{32}")
_MODEL: Final = re.compile(r"m-[0-9a-f]{32}")
PROXIED: Final = "mlflow-artifacts"
DESTINATION: Final = "_MLFLOW_SERVER_ARTIFACT_DESTINATION"
"""MLflow's own name of the variable that says where the server keeps what is sent to it."""
# Encoded again and again it would cost more to read than to refuse.
MOST_ROUNDS: Final = 10


class Place(NamedTuple):
    """An address: its scheme, empty for files of this machine, its host, and the folders, decoded."""

    scheme: str
    host: str
    parts: tuple[str, ...]

    def is_in(self, other: Place) -> bool:
        """Whether it is another one or below it."""
        same = self.scheme == other.scheme and (self.host == other.host or self.scheme == PROXIED)
        return same and self.parts[: len(other.parts)] == other.parts


def read_place(text: str) -> Place:
    """An address taken apart; what leads up and down again is left in, and is then in no place that is known.

    Raises MlflowException for what is none.
    """
    try:
        found = urlsplit(text.strip())
    except ValueError:
        raise refuse_invalid(f"{quote_name(text, 80)} is no address") from None
    scheme = found.scheme.lower()
    parts = tuple(part for part in decode(found.path).split("/") if part not in ("", "."))
    return Place("" if scheme == "file" else scheme, found.netloc.lower(), parts)


def decode(text: str) -> str:
    """A text without percent signs that stand for something else, however often it was encoded."""
    for _ in range(MOST_ROUNDS):
        decoded = unquote(text)
        if decoded == text:
            break
        text = decoded
    return text


def name_ids(place: Place) -> tuple[list[str], list[str]]:
    """The ids of runs and of logged models that are folders of a place."""
    runs = [part for part in place.parts if _RUN.fullmatch(part)]
    return runs, [part for part in place.parts if _MODEL.fullmatch(part)]


def list_roots(location: str) -> Iterator[Place]:
    """A place, and where the server itself keeps it."""
    place = read_place(location)
    yield place
    kept = os.environ.get(DESTINATION)
    if place.scheme == PROXIED and kept:
        root = read_place(kept)
        yield root._replace(parts=(*root.parts, *place.parts))
