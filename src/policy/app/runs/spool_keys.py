"""The key with which a server signs what it does while the ledger is down: its own, and none that signs checkpoints."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from policy.app.ledgers.key_files import create_key_file, open_key_file
from policy.errors import PolicyError, Problem
from policy.records.keys import read_verifier_key
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policy.model.mlflow_settings import MlflowSettings
    from policy.records.keys import SigningKey, VerifierKey

VARIABLE: Final = "POLICY_SPOOL_KEY"
"""Names the file of the private key."""
PREFIX: Final = "spool/"
MADE_BY: Final = "policy ledger key spool"


class SpoolKey(NamedTuple):
    """The private key of a server, and the public ones by which what waits is held to be a server's."""

    signing: SigningKey
    pinned: tuple[VerifierKey, ...]


def create_spool_key(path: str, server: str) -> VerifierKey:
    """Make one for a server in a new file. Raises PolicyError."""
    return create_key_file(path, f"{PREFIX}{server}").verifier


def open_spool_key(settings: MlflowSettings) -> SpoolKey | None:
    """The key that the environment names, which the policy set must know; None where none is named.

    Raises PolicyError.
    """
    pinned = read_pinned(settings)
    path = os.environ.get(VARIABLE)
    if not path:
        return None
    signing = open_key_file(path, MADE_BY)
    if not signing.name.startswith(PREFIX):
        # Whoever reads the memory of a web server must not be able to sign checkpoints.
        message = f"the key in `{path}` is of `{signing.name}`, and not one that signs a spool"
        raise PolicyError(Problem(message, f"make one with `{MADE_BY} --key FILE`, and name it {VARIABLE}"))
    if signing.verifier not in pinned:
        message = f"the policy set does not know the key in `{path}`"
        remedy = f"add its public part to the policy set: `mlflow: {{spool_keys: [{signing.verifier.text}]}}`"
        raise PolicyError(Problem(message, remedy))
    return SpoolKey(signing, pinned)


def read_pinned(settings: MlflowSettings) -> tuple[VerifierKey, ...]:
    """The public keys that the policy set names. Raises PolicyError with all that is wrong."""
    location = settings.places.get("spool_keys")
    found: list[VerifierKey] = []
    problems: list[Problem] = []
    for text in settings.spool_keys:
        try:
            found.append(read_verifier_key(text, location))
        except PolicyError as error:
            problems += error.problems
    problems += [*_list_foreign(found)]
    if problems:
        raise PolicyError(*(problem._replace(location=location) for problem in problems))
    return tuple(found)


def _list_foreign(keys: Iterable[VerifierKey]) -> Iterable[Problem]:
    for key in keys:
        if not key.name.startswith(PREFIX):
            message = f"the key `{key.short}` is not one that signs a spool"
            yield Problem(message, f"name one that `{MADE_BY}` made")
