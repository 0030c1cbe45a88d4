"""Base models whose names say that their weights are quantised, so that LoRA on them is QLoRA."""

from __future__ import annotations

# `bnb` as in the `-bnb-4bit` repositories.
_FORMATS = frozenset(("gptq", "awq", "aqlm", "bnb"))


def is_quantized(model: str) -> bool:
    """Whether the name of a model holds the name of a quantised format as a word."""
    words = model.lower()
    for separator in "/_.":
        words = words.replace(separator, "-")
    return not _FORMATS.isdisjoint(words.split("-"))
