"""The calls that start a fine-tuning: one table, of which every row was looked up in the library's own source or docs.

Trainers of TRL count as soon as one is made, for they do nothing else; those of transformers also train from scratch
and evaluate, so there it is their method `train` that counts, for a model whose weights were loaded. A loop of one's
own is told by its backward pass beside PEFT, which wraps pretrained models only. Commands are those of the tools' docs.
"""

from __future__ import annotations

from policy.plugins.contracts import TrainingCall

_TRL_METHODS = {
    "SFTTrainer": "sft",
    "DPOTrainer": "dpo",
    "KTOTrainer": "kto",
    "ORPOTrainer": "orpo",
    "GRPOTrainer": "grpo",
    "PPOTrainer": "ppo",
    "PPOv2Trainer": "ppo",
    "RewardTrainer": "reward",
    "PRMTrainer": "reward",
    "GKDTrainer": "distillation",
    "GOLDTrainer": "distillation",
    "MiniLLMTrainer": "distillation",
    "DistillationTrainer": "distillation",
    **dict.fromkeys(("BCOTrainer", "CPOTrainer", "NashMDTrainer", "RLOOTrainer", "XPOTrainer"), "other"),
}
_COMMANDS = {
    "sft": "sft",
    "dpo": "dpo",
    "kto": "kto",
    "orpo": "orpo",
    "grpo": "grpo",
    "reward": "reward",
    "rloo": "other",
}
# torchtune's recipes, by a part of their names; in this order, for some hold those of others.
_RECIPES = {
    "ppo_full_finetune_": "ppo",
    "grpo_full_finetune_": "grpo",
    "finetune_": "sft",
    "dpo_": "dpo",
    "knowledge_distillation_": "distillation",
    "qat_": "sft",
}
_OPENAI = ("OpenAI", "AsyncOpenAI")
_AZURE = ("AzureOpenAI", "AsyncAzureOpenAI")

CALLS = (
    *(TrainingCall(f"trl.{name}", "trl", method) for name, method in _TRL_METHODS.items()),
    # What a later version adds, or an experiment: how it trains is not known here.
    TrainingCall("trl.*Trainer", "trl"),
    # A trainer of TRL's SFT with learning rates of its own, mostly for continued pretraining.
    TrainingCall("unsloth.UnslothTrainer", "trl"),
    TrainingCall("unsloth.unsloth_train", "trl"),
    TrainingCall("transformers.*Trainer().train", "custom", pretrained=True),
    TrainingCall("transformers.*Trainer().hyperparameter_search", "custom", pretrained=True),
    TrainingCall("*.backward", "custom", beside="peft.get_peft_model"),
    *(TrainingCall(f"openai.{name}().fine_tuning.jobs.create", "azure") for name in _AZURE),
    *(TrainingCall(f"openai.{name}().fine_tuning.jobs.create", "openai") for name in _OPENAI),
    TrainingCall("openai.fine_tuning.jobs.create", "openai"),
    # Before version 1 of the client.
    TrainingCall("openai.FineTuningJob.create", "openai"),
    TrainingCall("openai.FineTune.create", "openai"),
    # Of a client that was made elsewhere; Mistral's has this method, too.
    TrainingCall("*.fine_tuning.jobs.create"),
    TrainingCall("together.*Together().fine_tuning.create"),
    TrainingCall("*.finetuning.create_finetuned_model"),
    TrainingCall("vertexai.tuning.sft.train", method="sft"),
    TrainingCall("google.genai.Client().*tunings.tune"),
    TrainingCall("google.generativeai.create_tuned_model"),
    TrainingCall("*.create_model_customization_job"),
    TrainingCall("axolotl.train.train", "axolotl"),
    TrainingCall("axolotl.cli.train.do_*", "axolotl"),
    TrainingCall("llamafactory.train.tuner.run_exp", "llama-factory"),
    TrainingCall("llmtuner.train.tuner.run_exp", "llama-factory"),
    TrainingCall("databricks.model_training.foundation_model.create"),
    TrainingCall("sentence_transformers.*Trainer().train", "custom"),
    TrainingCall("setfit.*Trainer().train", "custom"),
    TrainingCall("llama_index.finetuning.*FinetuneEngine().finetune"),
    # Commands, as a notebook or `subprocess` starts them.
    TrainingCall("$ axolotl train", "axolotl"),
    TrainingCall("$ python -m axolotl.cli.train", "axolotl"),
    TrainingCall("$ llamafactory-cli train", "llama-factory"),
    *(TrainingCall(f"$ trl {name}", "trl", method) for name, method in _COMMANDS.items()),
    *(TrainingCall(f"$ python -m trl.scripts.{name}", "trl", method) for name, method in _COMMANDS.items()),
    *(TrainingCall(f"$ tune run *{name}*", "torchtune", method) for name, method in _RECIPES.items()),
    TrainingCall("$ openai api fine_tuning.jobs.create", "openai"),
    TrainingCall("$ openai api fine_tunes.create", "openai"),
)
