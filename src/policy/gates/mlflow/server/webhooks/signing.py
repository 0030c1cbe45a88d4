"""Signatures as Standard Webhooks has them (standardwebhooks.com): over the id, the time, and the body."""

from __future__ import annotations

import hmac
from base64 import b64encode
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def sign(secrets: Sequence[bytes], notice: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The headers of one try: a signature by each secret, so that one can be replaced."""
    said = b".".join((notice.encode(), str(timestamp).encode(), body))
    signatures = (b64encode(hmac.digest(secret, said, "sha256")).decode() for secret in secrets)
    return {
        "webhook-id": notice,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }
