"""What makes two findings one and the same: what was found, and not where it stands."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

VERSION: Final = "policy-finding/1"
# No policy can have this id.
CONTRADICTION: Final = "tunegate/contradiction"


def make_fingerprint(
    policy: str, project: str | None, traits: Sequence[object], outcome: str, values: Sequence[object]
) -> str:
    """The fingerprint of a finding, 64 hexadecimal digits; `project` is None for what no manifest names.

    `values` are pairs of field and value; of a contradiction its field, what is declared and what was observed.
    """
    return hash_identity([VERSION, policy, project, traits, outcome, values])


def hash_identity(identity: Sequence[object]) -> str:
    """The digest of whatever tells two things apart."""
    # In ASCII, so that a name which no encoding carries has a fingerprint too.
    return sha256(json.dumps(identity, separators=(",", ":")).encode()).hexdigest()
