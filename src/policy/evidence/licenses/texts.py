"""Files that hold a licence's text: which licence it reads like."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from policy.errors import PolicyError
from policy.evidence.paths import confine
from policy.source.file import read_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

LICENSE_NAMES = ("LICENSE", "LICENSE.md", "LICENSE.txt", "LICENCE", "LICENCE.md", "LICENCE.txt", "COPYING")
_HEAD = 2000
_DECLARED = re.compile(r"SPDX-License-Identifier:\s*([A-Za-z0-9.+-]+)")
# The titles that these licences' texts begin with; the first that fits counts, so the longer ones come first.
_TITLES = (
    (r"Apache License,?\s+Version 2\.0", "apache-2.0"),
    (r"CC0 1\.0 Universal", "cc0-1.0"),
    (r"Attribution-NonCommercial-NoDerivatives 4\.0", "cc-by-nc-nd-4.0"),
    (r"Attribution-NonCommercial-ShareAlike 4\.0", "cc-by-nc-sa-4.0"),
    (r"Attribution-NonCommercial 4\.0", "cc-by-nc-4.0"),
    (r"Attribution-NoDerivatives 4\.0", "cc-by-nd-4.0"),
    (r"Attribution-ShareAlike 4\.0", "cc-by-sa-4.0"),
    (r"Attribution 4\.0 International", "cc-by-4.0"),
    (r"GNU AFFERO GENERAL PUBLIC LICENSE\s+Version 3", "agpl-3.0"),
    (r"GNU LESSER GENERAL PUBLIC LICENSE\s+Version 3", "lgpl-3.0"),
    (r"GNU GENERAL PUBLIC LICENSE\s+Version 3", "gpl-3.0"),
    (r"GNU GENERAL PUBLIC LICENSE\s+Version 2", "gpl-2.0"),
    (r"BSD 3-Clause", "bsd-3-clause"),
    (r"BSD 2-Clause", "bsd-2-clause"),
    (r"MIT License", "mit"),
)


def find_license_text(root: str, folder: str) -> tuple[str, str] | None:
    """The licence file in a folder of the root and the identifier that its text reads like, which may be empty."""
    for file, text in _read_texts(root, folder):
        return file, recognise_license(text)
    return None


def recognise_license(text: str) -> str:
    """The identifier of the licence that a text is, by its title or an SPDX line; empty where neither tells."""
    head = text[:_HEAD]
    declared = _DECLARED.search(head)
    if declared:
        return declared[1].lower()
    return next((name for title, name in _TITLES if re.search(title, head, re.IGNORECASE)), "")


def _read_texts(root: str, folder: str) -> Iterator[tuple[str, str]]:
    for name in LICENSE_NAMES:
        file = posixpath.join(folder, name)
        try:
            yield file, read_bytes(confine(root, file), file).decode(errors="replace")
        except PolicyError:
            continue
