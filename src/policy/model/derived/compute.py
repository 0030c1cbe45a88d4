"""What follows from the size of a training: its operations, and their share of the base model's."""

from __future__ import annotations

from math import isfinite

from policy.model.derived.derivation import Derivation

# Operations for each trained token and parameter: a forward pass takes 2 and a backward pass 4. With an adapter the
# backward pass has no gradients to make for the base model's own weights, which saves 2.
FULL, ADAPTED = 6, 4
# These losses compare with a reference model, which reads every token as well and learns nothing: Rafailov et al. 2023,
# Direct Preference Optimization, equation 7; Ethayarajh et al. 2024, KTO.
REFERENCE = {"dpo": 2, "kto": 2}
ADAPTERS = {"full": FULL, "lora": ADAPTED, "qlora": ADAPTED, "dora": ADAPTED, "oft": ADAPTED}
# What the guideline takes the base model's compute to be where nobody knows it; for models with systemic risk it is
# 10^25, which would make the share smaller.
FALLBACK_FLOPS = 1e23


def estimate_flops(parameters: int, tokens: int, epochs: float, adapter: str, method: str | None) -> float | None:
    """6·N·D for all weights, 4·N·D for an adapter: N parameters, D tokens times epochs; and 2·N·D for a reference.

    Kaplan et al. 2020, Scaling Laws for Neural Language Models, section 2.1. It is for models that read each token
    once an epoch: a method that generates text, or asks another model, takes more than this. Unknown where only some
    layers are trained.
    """
    factor = ADAPTERS.get(adapter)
    if factor is None or epochs < 0:
        return None
    flops = float(factor + REFERENCE.get(method or "", 0)) * parameters * tokens * epochs
    return flops if isfinite(flops) else None


def share_compute(flops: float, base: float | None) -> float | None:
    """The training's operations over the base model's, or over 10^23 where those are not known.

    The European Commission's guideline C(2025) 7719 takes whoever modifies a model with more than a third of its
    compute for the provider of a new one, and names what to compare with where that compute cannot be known.
    """
    whole = FALLBACK_FLOPS if base is None else base
    if whole <= 0:
        return None
    share = flops / whole
    return share if isfinite(share) else None


COMPUTE_DERIVATIONS = (
    Derivation(
        "training.flops",
        ("model.parameters", "data.tokens", "training.epochs", "training.adapter", "training.method"),
        estimate_flops,
        optional=("training.method",),
        estimate=True,
    ),
    Derivation(
        "training.compute_share",
        ("training.flops", "model.training_flops"),
        share_compute,
        optional=("model.training_flops",),
    ),
)
