"""A step of a run as it is stored, and which values it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from policy.errors import PolicyError, Problem
from policy.model.gates import VERDICTS
from policy.records.runs.layout import COLUMNS
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

STATES: Final = ("admitted", "held", "refused", "reopened", "unjudged")
"""Held waits for an approval; reopened changed since it was admitted; unjudged trains nothing."""

ACTIVITIES: Final = ("training", "baseline", "evaluation", "data")
LONGEST: Final = 250
ERASED: Final = " (erased)"
"""What follows a principal's id where the name is erased."""
# What has no manifest is known by its experiment's name, which may be long.
LONGEST_NAME: Final = 500
_DIGEST_SIZE: Final = len("sha256:") + 64
_CHOICES: Final = {"state": STATES, "activity": ACTIVITIES, "verdict": ("", *VERDICTS)}


class RunRow(NamedTuple):
    """A step of a run. `principal` is whom the server authenticated, by name; `manifest` a digest, or empty.

    `decision` is the id of one that is recorded, or empty; `seq` the number of the entry.
    """

    server: str
    run: str
    experiment: str
    project: str
    principal: str
    activity: str
    manifest: str
    decision: str
    state: str
    verdict: str
    parent: str = ""
    seq: int = 0

    @property
    def key(self) -> tuple[str, str]:
        """Which run it is a step of."""
        return self.server, self.run

    @property
    def step(self) -> tuple[str, str, str]:
        """What makes it another step than the one before."""
        return self.manifest, self.decision, self.state

    def describe(self) -> dict[str, Any]:
        """The values that the entry repeats."""
        return dict(zip(COLUMNS["runs"][:-1], self[:-1], strict=True))


def check_row(row: RunRow) -> None:
    """Raises PolicyError, with all that is wrong, for values that no run has."""
    problems = [*_list_problems(row)]
    if problems:
        raise PolicyError(*problems)


def _list_problems(row: RunRow) -> Iterator[Problem]:
    for name, value in row.describe().items():
        remedy = "name the run as its server does"
        if not isinstance(value, str):
            yield Problem(f"the `{name}` of a run is no text", remedy)
        elif name in _CHOICES:
            if value not in _CHOICES[name]:
                known = ", ".join(filter(None, _CHOICES[name]))
                yield Problem(f"a run has no {name} `{value[:40]!a}`", f"it is one of {known}")
        elif name in ("manifest", "decision"):
            if value and not is_digest(value):
                yield Problem(f"the `{name}` of a run is no digest: `{value[:40]!a}`", "write `sha256:` and 64 digits")
        elif not value and name in ("server", "run", "experiment"):
            yield Problem(f"the `{name}` of a run is empty", remedy)
        elif len(value) > (LONGEST_NAME if name == "project" else LONGEST):
            yield Problem(f"the `{name}` of a run has {len(value):,} characters", "use a shorter one")
        elif not is_line(value):
            yield Problem(f"the `{name}` of a run cannot be printed: `{value[:40]!a}`", "leave control characters out")


def is_digest(text: str) -> bool:
    """Whether it is what `digest_bytes` writes."""
    return len(text) == _DIGEST_SIZE and text.startswith("sha256:") and set(text[7:]) <= set("0123456789abcdef")


def is_line(text: str) -> bool:
    """Whether a text is one line of UTF-8 without control characters; other spaces and joined emoji may be in it."""
    if text.isprintable():
        return True
    import unicodedata

    return not any(unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") for letter in text)
