"""No secret in what is asked and said: requests are recorded for good, and read by many."""

from __future__ import annotations

from typing import Any

from policy.app.recording.redaction import recognise_secrets, redact_text
from policy.records.faults import LedgerError


def redact_document(document: Any) -> Any:
    """A document with a mark in the place of each secret and each piece of personal data in its texts."""
    if isinstance(document, dict):
        return {key: redact_document(value) for key, value in document.items()}
    if isinstance(document, list | tuple):
        return [redact_document(value) for value in document]
    return redact_text(document)[0] if isinstance(document, str) and not document.startswith("sha256:") else document


def refuse_secrets(text: str, what: str) -> str:
    """A comment or a reason as it is. Raises LedgerError where a secret is in it."""
    kinds = sorted({kind for _, _, kind in recognise_secrets(text.encode(errors="surrogatepass"))})
    if kinds:
        raise LedgerError("secret", f"the {what} holds a secret ({', '.join(kinds)}), which would be recorded for good")
    return text
