"""What one file says of licences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.errors import Problem
from policy.evidence.licenses.names import LONGEST, identify, is_name, is_silent
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policy.errors import Location


class Statement(NamedTuple):
    """Every licence that a file names, and the words in a licence's place that name none, with their places.

    `file` is relative to the root, `source` what kind of file it is, `digest` the SHA-256 of its bytes. `kind` is
    dataset or model where the file shows what it speaks of, else empty.
    """

    file: str
    source: str
    digest: str
    kind: str
    licenses: tuple[tuple[str, Location], ...]
    silent: tuple[tuple[str, Location], ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The licences that it names, each once."""
        return tuple(dict.fromkeys(name for name, _ in self.licenses))

    @property
    def license(self) -> str:
        """The licence, where it names exactly one and leaves none open."""
        names = self.names
        return names[0] if len(names) == 1 and not self.silent else ""

    @property
    def is_divided(self) -> bool:
        """Whether it names licences without saying which of them holds for what."""
        return bool(self.licenses) and not self.license


def make_statement(
    file: str, source: str, digest: str, kind: str, written: Iterable[tuple[str, Location]], problems: list[Problem]
) -> Statement:
    """Sort what is written in a licence's place; what cannot be a name is noted, and counts as naming none."""
    licenses, silent = [], []
    for text, location in written:
        name = identify(text)
        if is_silent(name):
            silent.append((name, location))
        elif is_name(name):
            licenses.append((name, location))
        else:
            problems.append(_refuse(name, location))
            silent.append(("", location))
    return Statement(file, source, digest, kind, tuple(licenses), tuple(silent))


def _refuse(text: str, location: Location) -> Problem:
    long = f"has {len(text):,} characters, and a name has at most {LONGEST}"
    fault = long if len(text) > LONGEST else "holds characters that cannot be seen"
    remedy = "name the licence by its usual identifier; until then it is not known"
    # Without an end the place is not quoted: what stands there may be long.
    return Problem(
        f"the licence here is no name: it {fault}", remedy, location._replace(end_line=0, end_column=0), (), "warning"
    )
