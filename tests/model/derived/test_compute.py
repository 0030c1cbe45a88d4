"""Operations of a training, and their share of the base model's."""

from __future__ import annotations

import pytest

from tests.building import make_facts

KNOWN = "model.parameters: 4000000000\ndata.tokens: 160878\ntraining: {epochs: 3, adapter: ADAPTER}\n"


def flops(text: str) -> float | None:
    value: float | None = make_facts(text).values.get("training.flops")
    return value


@pytest.mark.parametrize(
    ("adapter", "factor"),
    [("full", 6), ("lora", 4), ("qlora", 4), ("dora", 4), ("oft", 4), ("freeze", None), ("other", None)],
)
def test_six_or_four_for_each_token_and_parameter(adapter, factor):
    expected = None if factor is None else pytest.approx(factor * 4e9 * 160_878 * 3)
    assert flops(KNOWN.replace("ADAPTER", adapter)) == expected


def test_full_training_of_the_known_example():
    assert flops(KNOWN.replace("ADAPTER", "full")) == pytest.approx(1.2e16, rel=0.05)


@pytest.mark.parametrize(
    ("method", "full", "lora"),
    [("sft", 6, 4), ("orpo", 6, 4), ("dpo", 8, 6), ("kto", 8, 6), ("continued-pretraining", 6, 4)],
)
def test_a_reference_model_reads_every_token_as_well(method, full, lora):
    for adapter, factor in (("full", full), ("lora", lora)):
        text = KNOWN.replace("ADAPTER", f"{adapter}, method: {method}")
        assert flops(text) == pytest.approx(factor * 4e9 * 160_878 * 3)


@pytest.mark.parametrize("without", ["model.parameters", "data.tokens", "epochs: 3, ", "adapter: full"])
def test_without_an_input_it_is_unknown(without):
    text = KNOWN.replace("ADAPTER", "full")
    changed = (
        text.replace(without, "")
        if "." not in without
        else "\n".join(line for line in text.splitlines() if not line.startswith(without))
    )
    assert changed != text
    assert flops(changed) is None


@pytest.mark.parametrize("epochs", ["-1", "1e308"])
def test_what_is_no_amount_gives_none(epochs):
    assert flops(KNOWN.replace("ADAPTER", "full").replace("epochs: 3", f"epochs: {epochs}")) is None


def test_no_epochs_are_no_operations():
    assert flops(KNOWN.replace("ADAPTER", "full").replace("epochs: 3", "epochs: 0")) == 0


def test_it_is_an_estimate_whatever_it_follows_from():
    observed = KNOWN.replace("ADAPTER", "full")
    facts = make_facts(observed=observed)
    assert facts.judged["training.flops"].origin == "estimated"
    assert facts.judged["training.compute_share"].origin == "estimated"
    assert facts.judged["training.flops"].source == (
        "derived from model.parameters, data.tokens, training.epochs, training.adapter"
    )


@pytest.mark.parametrize(
    ("base", "share"),
    [("", 1.2e16 / 1e23), ("model.training_flops: 3.0e16", 0.4), ("model.training_flops: 1.0e+25", 1.2e16 / 1e25)],
)
def test_the_share_is_of_the_base_models_compute_or_of_the_guidelines(base, share):
    text = KNOWN.replace("160878", "166667").replace("ADAPTER", "full") + base
    assert make_facts(text).values["training.compute_share"] == pytest.approx(share, rel=1e-3)


@pytest.mark.parametrize("base", ["0", "-1", "1e-300"])
def test_a_base_without_compute_has_no_share(base):
    text = KNOWN.replace("ADAPTER", "full") + f"model.training_flops: {base}"
    assert "training.compute_share" not in make_facts(text).values


def test_without_operations_there_is_no_share():
    assert "training.compute_share" not in make_facts("model.training_flops: 1.0e+25").values


def test_evidence_can_tell_the_operations_itself():
    assert make_facts(observed="training.flops: 5").values["training.flops"] == 5
