"""How a config of TRL's arguments trains.

The script, or the command, decides that and no key holds its name, so it is read off what one trainer alone knows.
Losses and keys are those of TRL's trainer configs (`trl/trainer/*_config.py`, `trl/experimental/*`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from policy.source.node import Scalar

if TYPE_CHECKING:
    from policy.evidence.tools.config_reading import ConfigReading, Setting
    from policy.source.node import Node

_DPO_LOSSES = (
    "sigmoid sigmoid_norm hinge ipo exo_pair nca_pair robust bco_pair sppo_hard aot aot_pair aot_unpaired apo_zero"
    " apo_down discopop"
)
_LOSSES = {
    **dict.fromkeys(_DPO_LOSSES.split(), "dpo"),
    **dict.fromkeys(("kto", "apo_zero_unpaired"), "kto"),
    **dict.fromkeys(("grpo", "bnpo", "dr_grpo", "dapo", "cispo", "sapo", "luspo", "vespo"), "grpo"),
    **dict.fromkeys(("simpo", "alphapo", "bco"), "other"),
    **dict.fromkeys(("nll", "dft", "chunked_nll", "sft"), "sft"),
}
# In this order: the trainers of the first ones know keys of the later ones, too.
_KEYS = (
    ("other", "cpo_alpha simpo_gamma normalize_advantages reward_clip_range rloo_k"),
    ("ppo", "num_ppo_epochs vf_coef cliprange_value sft_model_path"),
    ("kto", "desirable_weight undesirable_weight"),
    ("distillation", "teacher_model_name_or_path"),
    ("reward", "center_rewards_coefficient"),
    ("grpo", "scale_rewards importance_sampling_level top_entropy_quantile"),
    ("dpo", "f_divergence_type discopop_tau use_weighting ld_alpha loss_weights rpo_alpha reference_free"),
    ("sft", "packing packing_strategy eval_packing max_seq_length dataset_text_field dataset_kwargs"),
    ("sft", "assistant_only_loss completion_only_loss num_of_sequences chars_per_token"),
)
# RLOO's trainer has these, too, but GRPO is what they are mostly for.
_GROUP_KEYS = ("num_generations", "reward_funcs", "reward_weights", "num_iterations")
METHOD_KEYS: Final = (*_GROUP_KEYS, *(key for _, keys in _KEYS for key in keys.split()))

_NAMES = {
    **{word: word for word in ("sft", "dpo", "kto", "orpo", "grpo", "ppo", "reward")},
    **dict.fromkeys(("cpt", "pretrain", "pretraining"), "continued-pretraining"),
    **dict.fromkeys(("cpo", "simpo", "rloo", "online"), "other"),
    **dict.fromkeys(("gkd", "distill", "distillation"), "distillation"),
}
_NAMED_BY = ("hub_model_id", "run_name", "output_dir")
_SEPARATORS = re.compile(r"[^a-z0-9]+")


def observe_method(reading: ConfigReading) -> None:
    """State `training.method` where a loss or a key tells it; estimate it by what the result is called otherwise."""
    losses, named = reading.texts("loss_type"), _find_named(reading)
    if losses.is_unreadable:
        return
    key, by_key = _find_by_key(reading)
    by_loss = None if by_key == "other" else _find_by_loss(losses)
    if by_loss:
        reading.state("training.method", by_loss, losses.node)
    elif by_key == "sft" and named and named[0] == "continued-pretraining":
        # The same trainer and the same keys: only the data differs.
        reading.state("training.method", named[0], named[1], origin="estimated")
    elif by_key:
        reading.state("training.method", by_key, key)
    elif any(reading.root.get(one) is not None for one in _GROUP_KEYS):
        reading.state("training.method", "grpo", origin="estimated")
    elif named:
        reading.state("training.method", named[0], named[1], origin="estimated")


def _find_by_loss(losses: Setting) -> str | None:
    """The method of the losses; DPO's trainer can add that of SFT to its own."""
    found = [_LOSSES.get(text.lower()) for text, _ in losses.value or ()]
    return next((method for method in found if method and method != "sft"), found[0] if found else None)


def _find_by_key(reading: ConfigReading) -> tuple[Node | None, str]:
    for method, keys in _KEYS:
        for key in keys.split():
            node = reading.root.get(key)
            if node is not None and not (isinstance(node, Scalar) and node.is_null):
                return node, method
    return None, ""


def _find_named(reading: ConfigReading) -> tuple[str, Node] | None:
    """The method that the name of the result ends in, which is the last one where it tells of several."""
    for key in _NAMED_BY:
        node = reading.root.get(key)
        if isinstance(node, Scalar):
            words = _SEPARATORS.split(node.text[:200].lower())
            method = next((_NAMES[word] for word in reversed(words) if word in _NAMES), None)
            if method:
                return method, node
    return None
