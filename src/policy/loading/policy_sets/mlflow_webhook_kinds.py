"""The kinds of text under `mlflow.webhooks`: addresses, names of variables, and how long before its end.

What is wrong is never repeated: it may be a secret, and messages are kept in logs.
"""

from __future__ import annotations

import re
from typing import Final

from policy.model.kinds import DURATION, DurationKind, KindError, StringKind, enum
from policy.model.mlflow_settings import WEBHOOK_EVENTS

LONGEST: Final = 2_000
SHORTEST_WITHIN: Final = 60_000
LONGEST_WITHIN: Final = 7 * 86_400_000
VARIABLE_FORM: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
ADDRESS_FORM: Final = re.compile(r"[!-~]+")
_LOOPBACK: Final = re.compile(r"localhost|127(\.\d{1,3}){3}|::1")


class AddressKind(StringKind):
    """An address that something is sent to, or that a link leads to: encrypted, unless it is of this machine."""

    def read(self, text: str, plain: bool) -> str:
        remedy = f"write {self.describe()}"
        if len(super().read(text, plain)) > LONGEST:
            raise KindError(f"the address is longer than {LONGEST:,} characters", remedy)
        if not ADDRESS_FORM.fullmatch(text) or "\\" in text:
            raise KindError("the address holds a space, or a character that none has", remedy)
        from urllib.parse import urlsplit  # few policy sets have webhooks

        try:
            parts = urlsplit(text)
            host, port = parts.hostname, parts.port
        except ValueError:
            raise KindError("that is no address", remedy) from None
        if parts.username is not None or parts.password is not None:
            raise KindError("the address holds a user or a password", "leave them out: what is sent is signed")
        if not host or port == 0 or parts.scheme not in ("https", "http"):
            raise KindError("that is no address of a server", remedy)
        if parts.scheme == "http" and not _LOOPBACK.fullmatch(host):
            raise KindError("the address is not encrypted, and not of this machine", "write it with `https://`")
        if "#" in text:
            raise KindError("the address has a part behind `#`, which no server sees", "leave that out")
        return text

    def describe(self) -> str:
        return "an address such as https://hooks.example.com/policy"


class ServerKind(AddressKind):
    """The address that people reach a server by; what is below it is added."""

    def read(self, text: str, plain: bool) -> str:
        if "?" in super().read(text, plain):
            raise KindError("the address of the server has a part behind `?`", "leave that out")
        return text.rstrip("/")

    def describe(self) -> str:
        return "the address of the server, such as https://mlflow.example.com"


class VariableKind(StringKind):
    """The name of an environment variable, and never what is in it."""

    def read(self, text: str, plain: bool) -> str:
        if not VARIABLE_FORM.fullmatch(super().read(text, plain)):
            message = "that is not the name of an environment variable"
            raise KindError(message, "name the variable that holds the secret, and keep the secret out of this file")
        return text

    def describe(self) -> str:
        return "the name of an environment variable, such as POLICY_WEBHOOK_SECRET"


class WithinKind(DurationKind):
    """A duration that is neither too short to be noticed nor so long that it says nothing."""

    def read(self, text: str, plain: bool) -> int:
        length = super().read(text, plain)
        if not SHORTEST_WITHIN <= length <= LONGEST_WITHIN:
            said = f"{DURATION.show(SHORTEST_WITHIN)} to {DURATION.show(LONGEST_WITHIN)}"
            raise KindError(f"`{text}` is not within {said}", "write some hours, such as 4h")
        return length


ADDRESS: Final = AddressKind("address", textual=True)
SERVER: Final = ServerKind("address", textual=True)
VARIABLE: Final = VariableKind("name", textual=True)
WITHIN: Final = WithinKind("duration", ordered=True)
EVENT: Final = enum(*WEBHOOK_EVENTS)
