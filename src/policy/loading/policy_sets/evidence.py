"""What the layers of a policy set say of observing: limits, which can only be raised, and the tracking server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from policy.loading.policy_sets.settings import Setting, refuse_name
from policy.model.evidence_settings import DEFAULT_EVIDENCE, SIZE, EvidenceSettings
from policy.model.kinds import DURATION, KindError, StringKind
from policy.model.reading import NOTHING
from policy.source.node import Mapping, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from policy.loading.policy_sets.layers import Layer
    from policy.model.kinds import Kind

SECTION: Final = "evidence"
EXAMPLE: Final = "{time_limit: 10min, size_limit: 50 GB}"
_ADDRESS_REMEDY: Final = "write the address of a tracking server, such as https://mlflow.example.com"


class AddressKind(StringKind):
    """An http or https address, without a `/` at its end and without what belongs to one user."""

    def read(self, text: str, plain: bool) -> str:
        from urllib.parse import urlsplit  # few policy sets name a server

        try:
            parts = urlsplit(text)
            named, _ = parts.hostname, parts.port
        except ValueError:
            named = None
        is_plain = text.isascii() and text.isprintable() and " " not in text
        if not named or parts.scheme not in ("http", "https") or not is_plain:
            raise KindError("this is no http or https address", _ADDRESS_REMEDY)
        if parts.username is not None or parts.password is not None:
            message = "the address holds a user's name or a password"
            raise KindError(message, "leave them out: credentials stand in the environment, MLFLOW_TRACKING_TOKEN")
        if parts.query or parts.fragment or text.endswith(("?", "#")):
            raise KindError("the address goes on behind its path", _ADDRESS_REMEDY)
        return text.rstrip("/")

    def describe(self) -> str:
        return "an http or https address"


ADDRESS: Final = AddressKind("address", textual=True)
KINDS: Final[dict[str, Kind]] = {"time_limit": DURATION, "size_limit": SIZE, "mlflow": ADDRESS}
LIMITS: Final = ("time_limit", "size_limit")


def read_evidence(layers: Sequence[Layer]) -> list[list[Setting]]:
    """What counts of each layer, the base first: of a limit the base's word, or the default, and what is larger.

    A lower limit leaves facts unknown, and unknown can be milder than what is known: no layer may choose that for
    those below it.
    """
    held: dict[str, Any] = {}
    found: list[list[Setting]] = []
    for layer in layers:
        counted = []
        for setting in _read_section(layer):
            if setting.name in LIMITS:
                least = held.get(setting.name, getattr(DEFAULT_EVIDENCE, setting.name) if found else 0)
                if setting.value <= least:
                    continue
                held[setting.name] = setting.value
            counted.append(setting)
        for name in LIMITS:
            held.setdefault(name, getattr(DEFAULT_EVIDENCE, name))
        found.append(counted)
    return found


def make_evidence(settings: Iterable[Setting]) -> EvidenceSettings:
    """The settings in force, from those that count."""
    values = {setting.name: setting.value for setting in settings if setting.section == SECTION}
    return EvidenceSettings(**values) if values else DEFAULT_EVIDENCE


def _read_section(layer: Layer) -> Iterator[Setting]:
    node, values = layer.root.get(SECTION), layer.values
    if node is None or (isinstance(node, Scalar) and node.is_null):
        return
    if not isinstance(node, Mapping):
        values.refuse(node, f"`{SECTION}` needs a mapping", f"write `{SECTION}: {EXAMPLE}`")
        return
    for text, (key, inner) in node.entries.items():
        if text not in KINDS:
            refuse_name(values, key, f"key under `{SECTION}`", text, KINDS)
            continue
        value = values.read_value(KINDS[text], inner, f"{SECTION}.{text}")
        if value == 0:
            values.refuse(inner, f"`{SECTION}.{text}` is nothing at all", "raise it, or leave the line out")
        elif value is not NOTHING:
            yield Setting(SECTION, text, "", value, inner.location(layer.file))
