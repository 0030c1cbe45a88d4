"""Numbers that are called something else: an order's, an invoice's, any identifier."""

from __future__ import annotations

import re

_REACH = 40
_OTHERWISE = re.compile(
    rb"(?:order|invoice|ticket|track|shipment|parcel|transaction|item|article|product|sku|serial|batch|ref|time|stamp"
    rb"|isbn|ean|gtin|imei|bestell|auftrag|rechnung|commande|pedido|id|uid|key|index|hash|session)"
    rb"[a-z_ -]{0,16}[.:=#\\\"' /-]{1,5}$"
)
_CARD = re.compile(rb"card|karte|carte|tarjeta|visa|master|amex|american express|diners|discover|\bcc\b|\bpan\b")


def is_called_otherwise(text: bytes, start: int) -> bool:
    """Whether what stands right before a number without separators names it, and as no payment card."""
    before = text[max(0, start - _REACH) : start].lower()
    return _OTHERWISE.search(before) is not None and _CARD.search(before) is None
