"""What all layers of a policy set say of waivers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from policy.loading.waivers.files import list_files, locate, read_waivers
from policy.loading.waivers.rules import add_finals, list_names, read_trust_settings, read_waiver_rules
from policy.model.waiver_entry import TrustSettings, Waiving

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from policy.loading.policy_sets.layers import Layer
    from policy.model.waiver_entry import WaiverEntry, WaiverRules


KEYS: Final = ("waivers", "waiver_rules", "trusted")


def read_waiving(layers: Sequence[Layer], policies: Collection[str], bases: Mapping[str, frozenset[str]]) -> Waiving:
    """The waivers and their rules; `layers` begin with the base, `policies` are the ids that can be named.

    `bases` are the files that each layer's builds on. What is wrong is added to the problems of the layers' readers.
    The base's word on what is trusted comes first.
    """
    entries: list[WaiverEntry] = []
    rules: list[WaiverRules] = []
    trusted: list[TrustSettings] = []
    listed: list[tuple[str, str]] = []
    finals: dict[str, tuple[str, ...]] = {}
    for layer in layers:
        root, values = layer.root, layer.values
        files = tuple(list_files(root.get("waivers"), values))
        entries += read_waivers(files, values, layer.folder, policies)
        listed += [(layer.file, locate(layer.file, name)) for name, _ in files]
        rules += read_waiver_rules(root.get("waiver_rules"), values, policies)
        settings = read_trust_settings(root.get("trusted"), values)
        trusted += [settings] if settings is not None else []
        finals = add_finals(finals, list_names(root.get("final")), layer.file, bases[layer.file])
    extended = {layer.file: list_names(layer.root.get("extends")) for layer in layers}
    bundles = {layer.file.partition("/")[0]: layer.top for layer in layers if layer.top}
    return Waiving(tuple(entries), tuple(rules), _join(trusted), tuple(listed), extended, finals, bases, bundles)


def _join(said: list[TrustSettings]) -> TrustSettings | None:
    if not said:
        return None
    first = next((settings for settings in said if settings.revision), said[0])
    return first._replace(code_owners=any(settings.code_owners for settings in said))
