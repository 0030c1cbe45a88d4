"""The columns of the dated tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.model.fields import TERMS
from policy.model.kinds import DATE, MONEY, STRING, NumberKind, enum, list_of
from policy.model.tables import ACCELERATORS, LICENSES, MODELS, PRICES, PROVIDERS
from policy.structs import NamedTuple

if TYPE_CHECKING:
    from policy.model.kinds import Kind


class Column(NamedTuple):
    """One column: the kind of its values, what they say, and whether every row needs one."""

    kind: Kind
    about: str
    needed: bool = False


PEAK = NumberKind("number", ordered=True, low=1.0)
LISTED = tuple(term for term in TERMS if term != "unlisted")
COLUMNS = {
    LICENSES: {
        "terms": Column(list_of(enum(*LISTED)), "what the licence does not allow, [] for nothing", needed=True),
        "kept_by": Column(list_of(STRING), "other licences under which a share-alike work may be given on"),
    },
    PROVIDERS: {
        "closed_to_new": Column(DATE, "the day from which organisations that never tuned there start no job"),
        "closed_to_inactive": Column(DATE, "the day from which those that use no tuned model start none"),
        "closed": Column(DATE, "the day from which nobody starts a job"),
    },
    MODELS: {"retires": Column(DATE, "the day on which the provider shuts the model down")},
    PRICES: {
        "training_per_million_tokens": Column(MONEY, "the price of a million trained tokens"),
        "input_per_million_tokens": Column(MONEY, "the price of a million tokens that are sent"),
        "output_per_million_tokens": Column(MONEY, "the price of a million tokens of answers"),
        "hosting_per_hour": Column(MONEY, "the price of hosting what is tuned from the model for an hour"),
    },
    ACCELERATORS: {
        "peak_flops": Column(PEAK, "dense bfloat16 operations a second at most"),
        "price_per_hour": Column(MONEY, "the price of one for an hour"),
    },
}
SHARED = {
    "source": Column(STRING, "the document that says it", needed=True),
    "date": Column(DATE, "the day on which it said so", needed=True),
}
