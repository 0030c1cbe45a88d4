"""What webhooks are signed with: secrets in the environment of the server, and nowhere else.

As Standard Webhooks has them: base64 behind `whsec_`, or any other text, which is taken as its bytes.
"""

from __future__ import annotations

import binascii
import os
from base64 import b64decode
from typing import TYPE_CHECKING, Final

from policy.errors import PolicyError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policy.errors import Location
    from policy.model.mlflow_settings import Webhook

PREFIX: Final = "whsec_"
SHORTEST: Final = 24
LONGEST: Final = 64
_REMEDY: Final = f"write `{PREFIX}` and the base64 of 32 random bytes into it, as `openssl rand -base64 32` makes them"


def read_secrets(webhook: Webhook) -> tuple[bytes, ...]:
    """The secrets of a webhook, in the order in which it names them. Raises PolicyError."""
    return tuple(_read_secret(name, webhook.location) for name in webhook.secret_env)


def check_secrets(webhooks: Iterable[Webhook]) -> None:
    """Raises PolicyError with all secrets that are not there, or are none."""
    problems: list[Problem] = []
    for webhook in webhooks:
        for name in webhook.secret_env:
            try:
                _read_secret(name, webhook.location)
            except PolicyError as error:
                problems += error.problems
    if problems:
        raise PolicyError(*problems)


def _read_secret(name: str, place: Location | None) -> bytes:
    text = os.environ.get(name, "").strip()
    if not text:
        message = f"the environment variable `{name}`, which signs a webhook, is not set"
        raise PolicyError(Problem(message, "set it where the server is started", place))
    secret = _decode(text)
    if secret is None:
        message = f"what the environment variable `{name}` has behind `{PREFIX}` is not base64"
        raise PolicyError(Problem(message, _REMEDY, place))
    if not SHORTEST <= len(secret) <= LONGEST:
        message = f"the secret in `{name}` has {len(secret)} bytes, and {SHORTEST} to {LONGEST} are needed"
        raise PolicyError(Problem(message, _REMEDY, place))
    return secret


def _decode(text: str) -> bytes | None:
    """The bytes of a secret; None where it says that it is base64 and is not."""
    if not text.startswith(PREFIX):
        return text.encode(errors="surrogateescape")
    try:
        return b64decode(text.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return None
