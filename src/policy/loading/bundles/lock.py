"""The lock file beside a policy set: every bundle that it is made of, those that bundles name included.

It is written by a command and compared whole: with what is named now it must be the same text. So it shows in a review
what a change of one line brings with it, and a check stops where the two differ.
"""

from __future__ import annotations

import json
import os
import re
from contextlib import suppress
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from policy.errors import Location, PolicyError, Problem
from policy.loading.bundles.late import LOCK_NAME
from policy.source.file import read_bytes

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from policy.loading.bundles.opening import OpenBundle

HEAD: Final = (
    "# The bundles of the policy set beside this file. Written by `policy bundle lock`, not by hand.\npolicy_lock: 1\n"
)
LINE_FEED: Final = "\n"
SEAL: Final = "seal: "
REFERENCE: Final = re.compile(r'  - reference: (".*")')
REWRITE: Final = "run `policy bundle lock`, and have the lock file reviewed with the rest"


def write_lock(used: Mapping[str, OpenBundle]) -> str:
    """The text of the lock file for these bundles."""
    text = HEAD + ("bundles:\n" if used else "bundles: []\n") + "".join(_describe(used[name]) for name in sorted(used))
    return f"{text}{SEAL}{_seal(text)}\n"


def _describe(bundle: OpenBundle) -> str:
    reference = bundle.reference
    lines = [
        f"  - reference: {json.dumps(reference.text, ensure_ascii=False)}",
        f"    digest: {reference.digest}",
        *([f"    commit: {reference.commit}"] if reference.commit else []),
        f"    files: {bundle.files}",
        f"    bytes: {bundle.size}",
    ]
    return "".join(f"{line}\n" for line in lines)


def _seal(text: str) -> str:
    return "sha256:" + sha256(text.encode()).hexdigest()


def check_lock(folder: str, shown: str, used: Mapping[str, OpenBundle]) -> None:
    """Raises PolicyError where the lock file in a folder is not that of these bundles; `shown` names it."""
    # Version control may have changed how lines end.
    data = read_bytes(os.path.join(folder, LOCK_NAME), shown).replace(b"\r\n", b"\n")
    if data != write_lock(used).encode():
        raise PolicyError(*_explain(data.decode(errors="replace"), shown, used))


def _explain(text: str, shown: str, used: Collection[str]) -> list[Problem]:
    body, seal, _ = text.rpartition(f"\n{SEAL}")
    if not text.startswith(HEAD):
        return [Problem("this is no lock file of this version", REWRITE, Location(shown))]
    if not seal or text != f"{body}\n{SEAL}{_seal(body + LINE_FEED)}\n":
        return [Problem("the lock file was changed by hand, or merged", REWRITE, Location(shown))]
    listed = _list_references(text)
    problems = [
        Problem(f"`{name}` is locked, and no policy set here names it", REWRITE, Location(shown, line))
        for name, line in listed.items()
        if name not in used
    ]
    problems += [Problem(f"`{name}` is not locked", REWRITE, Location(shown)) for name in used if name not in listed]
    return problems or [Problem("the lock file is not the one of these bundles", REWRITE, Location(shown))]


def _list_references(text: str) -> dict[str, int]:
    """The locked bundles, and the line of each."""
    listed = {}
    for number, line in enumerate(text.split("\n"), start=1):
        match = REFERENCE.fullmatch(line)
        with suppress(ValueError):
            listed.update({str(json.loads(match[1])): number} if match else {})
    return listed
