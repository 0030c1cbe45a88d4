"""What follows from who trains: whether jobs are taken, and when the base model goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.model.derived.derivation import Derivation
from policy.model.fact import ABSENT
from policy.model.tables import MODELS, PROVIDERS

if TYPE_CHECKING:
    from datetime import date

    from policy.model.fact import Absent
    from policy.model.tables import Lookup

AT_PROVIDERS = ("openai", "azure")
WHO_TRAINS = ("training.tool", "model.provider")
_TUNED = "ft:"


def tell_available(lookup: Lookup, tool: str | None, provider: str | None) -> bool | None:
    """Whether the provider takes fine-tuning jobs on the day of judging, by the table of providers.

    Unknown where the table does not list it, and while it takes jobs from some organisations only.
    """
    name = name_provider(tool, provider)
    row = lookup.find(PROVIDERS, name) if name is not None else None
    if row is None or lookup.today is None:
        return None
    closed = row.values.get("closed")
    if closed is not None and lookup.today >= closed:
        return False
    limits = [day for column in ("closed_to_new", "closed_to_inactive") if (day := row.values.get(column))]
    return None if any(lookup.today >= day for day in limits) else True


def find_retirement(lookup: Lookup, base: str, tool: str | None, provider: str | None) -> date | Absent | None:
    """The day on which the provider shuts the base model down, by the table of models; absent where none is announced.

    A model that was tuned before goes with the one that it was tuned from.
    """
    name = name_provider(tool, provider)
    if name is None:
        return None
    # As in ft:gpt-4o-mini-2024-07-18:organisation:name:id.
    model = base.split(":")[1] if base.startswith(_TUNED) else base
    row = lookup.find(MODELS, f"{name}/{model}")
    retires: date | None = row.values.get("retires") if row is not None else None
    return ABSENT if row is not None and retires is None else retires


def name_provider(tool: str | None, provider: str | None) -> str | None:
    """Who trains: the provider that the tool belongs to, or else the one that offers the model."""
    return tool if tool in AT_PROVIDERS else provider


PROVIDER_DERIVATIONS = (
    Derivation("provider.available", WHO_TRAINS, tell_available, (PROVIDERS,), optional=WHO_TRAINS),
    Derivation("model.retires", ("model.base", *WHO_TRAINS), find_retirement, (MODELS,), optional=WHO_TRAINS),
)
