from __future__ import annotations

from textwrap import indent

import pytest

SFT = ("trl.SFTTrainer", "trl", "sft")
OPENAI = "openai.OpenAI().fine_tuning.jobs.create"
HF = ("transformers.Trainer().train", "custom", "")
LOADED = "from transformers import AutoModelForCausalLM, Trainer\nmodel = AutoModelForCausalLM.from_pretrained('x')\n"


# TRL


@pytest.mark.parametrize(
    "source",
    [
        "from trl import SFTTrainer\nSFTTrainer(model='x').train()",
        "from trl import SFTTrainer as S\nS(model='x')",
        "import trl\ntrl.SFTTrainer('x')",
        "import trl as t\nt.SFTTrainer('x')",
        "import trl.trainer\ntrl.trainer.SFTTrainer('x')",
        "from trl.trainer.sft_trainer import SFTTrainer\nSFTTrainer('x')",
        "from trl import trainer as made\nmade.SFTTrainer('x')",
        "from trl import *\nSFTTrainer('x')",
        "def main():\n    from trl import SFTTrainer\n    return SFTTrainer('x')",
        "try:\n    from trl import SFTTrainer\nexcept ImportError:\n    SFTTrainer = None\nSFTTrainer('x')",
        "from trl import SFTTrainer\nif x:\n    cls = SFTTrainer\ncls('x').train()",
        "from trl import SFTTrainer\ndef run(cls=SFTTrainer):\n    cls('x')",
        "from trl import SFTTrainer\nclass Own(SFTTrainer):\n    pass\nOwn('x').train()",
        "from trl import SFTTrainer\nclass Own(SFTTrainer):\n    pass\nclass Other(Own):\n    pass\nOther('x').train()",
        "from trl import SFTTrainer\ntrainer = accelerator.prepare(SFTTrainer('x'))",
        "from trl import SFTTrainer\nt = SFTTrainer('x')\nt.train()\nt.evaluate()",
        "from trl import SFTTrainer\nt = SFTTrainer('x')\nt.evaluate()\nif go:\n    t.train()",
        "from trl import SFTTrainer\nclass A:\n  def f(self):\n    self.t = SFTTrainer('x')\n    self.t.train()",
        "from trl import SFTTrainer\nasync def f():\n    async with lock as x:\n        SFTTrainer('x')",
        "from trl import SFTTrainer\nrun = lambda: SFTTrainer('x')",
        "from trl import SFTTrainer\nif (t := SFTTrainer('x')):\n    t.train()",
        "from trl import SFTTrainer\n[SFTTrainer(model) for model in models]",
    ],
)
def test_a_trainer_of_trl_counts_by_whatever_name_it_goes(names, source):
    assert names(source) == [SFT]


@pytest.mark.parametrize(
    ("name", "method"),
    [
        ("DPOTrainer", "dpo"),
        ("KTOTrainer", "kto"),
        ("ORPOTrainer", "orpo"),
        ("GRPOTrainer", "grpo"),
        ("PPOTrainer", "ppo"),
        ("RewardTrainer", "reward"),
        ("GKDTrainer", "distillation"),
        ("CPOTrainer", "other"),
        ("YetUnknownTrainer", ""),
    ],
)
def test_the_trainer_tells_the_method_where_it_is_known(names, name, method):
    assert names(f"from trl import {name}\n{name}(x)") == [(f"trl.{name}", "trl", method)]
    module = f"trl.experimental.{name.lower()}"
    shown = f"trl.{name}" if method else f"{module}.{name}"
    assert names(f"from {module} import {name}\n{name}(x)") == [(shown, "trl", method)]


def test_what_may_be_one_of_two_tells_what_they_have_in_common(names):
    source = "from trl import SFTTrainer, DPOTrainer\nt = SFTTrainer if plain else DPOTrainer\nt('x').train()"
    assert names(source) == [("trl.SFTTrainer", "trl", "")]
    source = "from trl import SFTTrainer, DPOTrainer\nfor t in (SFTTrainer, DPOTrainer):\n    t('x').train()"
    assert names(source) == [("trl.SFTTrainer", "trl", "")]


@pytest.mark.parametrize(
    "source",
    [
        # mentioned
        "from trl import SFTTrainer",
        "from trl import SFTTrainer\n# SFTTrainer(model='x').train()",
        "from trl import SFTTrainer\n'''SFTTrainer(model='x').train()'''",
        "from trl import SFTTrainer\ncode = \"SFTTrainer(model='x')\"",
        "from trl import SFTTrainer\ndef f(trainer: SFTTrainer) -> SFTTrainer:\n    return trainer",
        "from trl import SFTTrainer\nisinstance(x, SFTTrainer) and issubclass(X, SFTTrainer)",
        "from trl import SFTTrainer\nclass Own(SFTTrainer):\n    def train(self):\n        return super().train()",
        "from trl import SFTTrainer\nTRAINERS = {'sft': SFTTrainer}",
        "from trl import SFTTrainer\nSFTTrainer.compute_loss(model, x)",
        # not TRL's
        "from mine.trl import SFTTrainer\nSFTTrainer('x')",
        "from .trl import SFTTrainer\nSFTTrainer('x')",
        "from . import trl\ntrl.SFTTrainer('x')",
        "class SFTTrainer:\n    'As in trl.'\nSFTTrainer('x')",
        "def SFTTrainer(): 'As in trl.'\nSFTTrainer()",
        "from trl import SFTTrainer\nfrom mine import make\ndef f(SFTTrainer):\n    SFTTrainer()",
        "from ctrl import SFTTrainer\nSFTTrainer('x')",
        "import trl\nfrom mine import SFTTrainer\nSFTTrainer('x')",
        "def f():\n    from trl import SFTTrainer\ndef g():\n    SFTTrainer('x')",
        # of TRL, and no training
        "from trl import SFTConfig, SFTTrainer\nSFTConfig()",
        "from trl import SFTTrainer\nt = SFTTrainer('x')\nprint(t.evaluate())",
        "from trl import SFTTrainer\nt = SFTTrainer('x')\nt.predict(rows)",
        "from trl import KTOTrainer\nclass Own(KTOTrainer): pass\nself.t = Own()\nself.t.kto_loss(x)",
    ],
)
def test_what_only_looks_like_it_does_not_count(search, source):
    assert search(source) == ([], [])


# transformers


@pytest.mark.parametrize(
    "source",
    [
        f"{LOADED}trainer = Trainer(model=model)\ntrainer.train()",
        f"{LOADED}trainer = Trainer(model, args)\ntrainer.train(resume_from_checkpoint=True)",
        f"{LOADED}Trainer(model=model).train()",
        f"{LOADED}model = model.to('cuda')\nTrainer(model=model).train()",
        f"{LOADED}def build():\n    return Trainer(model=model)\nbuild().train()",
        f"{LOADED}class Own(Trainer):\n    def compute_loss(self): ...\nt = Own(model=model)\nt.train()",
        f"{LOADED}class Job:\n  def f(self):\n    self.t = Trainer(model=model)\n  def g(self):\n    self.t.train()",
        f"{LOADED}def run(model):\n    t = Trainer(model=model)\n    t.train()",
        f"{LOADED}def load(): return model\nt = Trainer(model_init=load)\nt.train()",
        f"{LOADED}t = Trainer(model_init=lambda: model)\nt.train()",
        f"{LOADED}t = Trainer(**settings)\nt.train()",
        f"{LOADED}if fresh:\n    model = AutoModelForCausalLM.from_config(config)\nt = Trainer(model=model)\nt.train()",
        (
            "from transformers import Trainer\nfrom peft import get_peft_model\nmodel = get_peft_model(base, config)\n"
            "t = Trainer(model=model)\nt.train()"
        ),
        (
            "from transformers import Trainer\nfrom unsloth import FastModel\n"
            "model, tokenizer = FastModel.from_pretrained('x')\nt = Trainer(model=model)\nt.train()"
        ),
        (
            "from transformers import Trainer as T, VisionEncoderDecoderModel as V\n"
            "t = T(V.from_encoder_decoder_pretrained('a', 'b'))\nt.train()"
        ),
    ],
)
def test_a_trainer_of_transformers_counts_where_it_trains_loaded_weights(names, source):
    assert names(source) == [HF]


def test_searching_hyperparameters_trains(names):
    source = f"{LOADED}t = Trainer(model_init=lambda: model)\nt.hyperparameter_search()"
    assert names(source) == [("transformers.Trainer().hyperparameter_search", "custom", "")]


@pytest.mark.parametrize(
    "source",
    [
        # never trained
        f"{LOADED}t = Trainer(model=model)\nt.evaluate()",
        f"{LOADED}t = Trainer(model=model)\nt.predict(rows)\nmodel.train()",
        f"{LOADED}model.train()\nmodel.eval()",
        f"{LOADED}def f(trainer: Trainer):\n    return trainer.args",
        # from scratch
        (
            "from transformers import AutoConfig, AutoModelForCausalLM, Trainer\n"
            "model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained('x'))\n"
            "t = Trainer(model=model)\nt.train()"
        ),
        (
            "from transformers import AutoTokenizer, BertConfig, BertForMaskedLM, Trainer\n"
            "tokenizer = AutoTokenizer.from_pretrained('x')\nmodel = BertForMaskedLM(config=BertConfig())\n"
            "t = Trainer(model=model)\nt.train()"
        ),
        "import torch\nfrom transformers import Trainer\nclass Net(torch.nn.Module): ...\nTrainer(model=Net()).train()",
        (
            "from transformers import AutoModel, Trainer\nteacher = AutoModel.from_pretrained('x')\nclass Net: ...\n"
            "Trainer(model=Net()).train()"
        ),
        # nobody can tell
        "from transformers import Trainer\ndef run(model):\n    t = Trainer(model=model)\n    t.train()",
        (
            "from transformers import AutoTokenizer, Trainer\nt = AutoTokenizer.from_pretrained('x')\n"
            "def run(model):\n    Trainer(model=model).train()"
        ),
        # others' trainers
        "from lightning import Trainer\nimport transformers\nTrainer(model=model).train()",
        "import lightning as L\nimport transformers as t\nL.Trainer().fit(t.AutoModel.from_pretrained('x'))",
        (
            "from .trainer import Trainer\nfrom transformers import AutoModel\n"
            "t = Trainer(AutoModel.from_pretrained('x'))\n"
            "t.train()"
        ),
        "import spacy, transformers\nclass Trainer: ...\nTrainer().train()",
        "from keras import Trainer\nimport transformers as t\nTrainer(t.AutoModel.from_pretrained('x')).train()",
        "import ray.train, transformers\nfrom ray.train.torch import TorchTrainer\nTorchTrainer(f).train()",
    ],
)
def test_a_trainer_of_transformers_does_not_count_otherwise(search, source):
    assert search(source) == ([], [])


def test_a_loop_of_ones_own_counts_beside_peft(names):
    loop = "for batch in rows:\n    loss = model(**batch).loss\n    loss.backward()\n    optimizer.step()\n"
    peft = "from peft import get_peft_model\nmodel = get_peft_model(model, config)\n"
    assert names(peft + loop) == [("backward", "custom", "")]
    assert names(peft + loop.replace("loss.backward()", "accelerator.backward(loss)")) == [("backward", "custom", "")]
    assert names(loop) == []
    assert names("from peft import get_peft_model\n" + loop) == []
    assert names(peft) == []


# Providers


@pytest.mark.parametrize(
    ("source", "name", "tool"),
    [
        ("from openai import OpenAI\nclient = OpenAI()\nclient.fine_tuning.jobs.create(model='x')", OPENAI, "openai"),
        ("import openai\nopenai.OpenAI().fine_tuning.jobs.create(model='x')", OPENAI, "openai"),
        ("from openai import OpenAI as O\nwith O() as c:\n    c.fine_tuning.jobs.create()", OPENAI, "openai"),
        ("from openai import OpenAI\ndef f(client: OpenAI):\n    client.fine_tuning.jobs.create()", OPENAI, "openai"),
        (
            (
                "from openai import OpenAI\nclass A:\n  def __init__(self):\n    self.c = OpenAI()\n"
                "  def f(self):\n    self.c.fine_tuning.jobs.create()"
            ),
            OPENAI,
            "openai",
        ),
        (
            "from openai import OpenAI\nc = OpenAI()\nc.fine_tuning.jobs.with_raw_response.create()",
            OPENAI,
            "openai",
        ),
        (
            "from openai import AsyncOpenAI\nasync def f():\n    await AsyncOpenAI().fine_tuning.jobs.create()",
            "openai.AsyncOpenAI().fine_tuning.jobs.create",
            "openai",
        ),
        ("import openai\nopenai.fine_tuning.jobs.create(model='x')", "openai.fine_tuning.jobs.create", "openai"),
        ("import openai\nopenai.FineTuningJob.create(model='x')", "openai.FineTuningJob.create", "openai"),
        ("import openai\nopenai.FineTune.create(training_file='x')", "openai.FineTune.create", "openai"),
        (
            (
                "from openai import AzureOpenAI\nc = AzureOpenAI(azure_endpoint=e)\n"
                "j = c.fine_tuning.jobs.create()\nj.json()"
            ),
            "openai.AzureOpenAI().fine_tuning.jobs.create",
            "azure",
        ),
        # Whose client it is nobody knows, or it is told to ask somebody else.
        ("def f(client):\n    client.fine_tuning.jobs.create(model='x')", "fine_tuning.jobs.create", ""),
        (
            "from mistralai import Mistral\nc = Mistral()\nc.fine_tuning.jobs.create(model='x')",
            "fine_tuning.jobs.create",
            "",
        ),
        ("from openai import OpenAI\nc = OpenAI(base_url=u)\nc.fine_tuning.jobs.create()", OPENAI, ""),
        ("from openai import OpenAI\nc = OpenAI(**settings)\nc.fine_tuning.jobs.create()", OPENAI, ""),
        (
            "import openai\nopenai.api_type = 'azure'\nopenai.FineTuningJob.create(model='x')",
            "openai.FineTuningJob.create",
            "",
        ),
        (
            "from together import Together\nc = Together()\nc.fine_tuning.create(model='x')",
            "together.Together().fine_tuning.create",
            "",
        ),
        (
            "import cohere\nco = cohere.Client()\nco.finetuning.create_finetuned_model(request=x)",
            "finetuning.create_finetuned_model",
            "",
        ),
        (
            "from vertexai.preview.tuning import sft\nsft.train(source_model='x', train_dataset='y')",
            "vertexai.tuning.sft.train",
            "",
        ),
        (
            "from google import genai\nclient = genai.Client()\nclient.tunings.tune(base_model='x')",
            "google.genai.Client().tunings.tune",
            "",
        ),
        (
            "import boto3\nb = boto3.client('bedrock')\nb.create_model_customization_job(jobName='x')",
            "create_model_customization_job",
            "",
        ),
        ("from axolotl.cli.train import do_cli\ndo_cli(config='x')", "axolotl.cli.train.do_cli", "axolotl"),
        ("from axolotl.train import train\ntrain(cfg=c, dataset_meta=d)", "axolotl.train.train", "axolotl"),
        (
            "from llamafactory.train.tuner import run_exp\nrun_exp({})",
            "llamafactory.train.tuner.run_exp",
            "llama-factory",
        ),
        ("from unsloth import unsloth_train\nunsloth_train(t)", "unsloth.unsloth_train", "trl"),
    ],
)
def test_a_call_of_a_provider_or_a_tool_counts(names, source, name, tool):
    assert [found[:2] for found in names(source)] == [(name, tool)]


@pytest.mark.parametrize(
    "source",
    [
        "from openai import OpenAI\nc = OpenAI()\nc.fine_tuning.jobs.list()\nc.files.create(file=f)",
        "from openai import OpenAI\nc = OpenAI()\nc.fine_tuning.jobs.retrieve('create')",
        "from openai import OpenAI\nc = OpenAI()\nstart = c.fine_tuning.jobs.create",
        "class Jobs:\n    def create(self): ...\nfine_tuning = {'jobs': Jobs()}\nfine_tuning['jobs'].create()",
        "client.fine_tuning.checkpoints.permissions.create(jobs=1)",
        "import together\nstore.fine_tuning.create()",
        "import vertexai\nfrom sklearn import tuning\ntuning.sft.train()",
        "from axolotl.train import train\nfrom axolotl.cli import train as cli",
    ],
)
def test_other_calls_to_them_do_not_count(search, source):
    assert search(source) == ([], [])


# Where


def test_calls_come_in_their_order_and_with_their_place(search):
    source = "from trl import DPOTrainer, SFTTrainer\n\nif a:\n    x = é and  DPOTrainer(\n        b)\nSFTTrainer(c)\n"
    calls, _ = search(source)
    assert [(call.name, call.spot) for call in calls] == [
        ("trl.DPOTrainer", (4, 16, 4, 26)),
        ("trl.SFTTrainer", (6, 1, 6, 11)),
    ]


def test_a_call_that_spans_lines_is_marked_from_its_begin_to_its_end(search):
    (call,), _ = search("from openai import OpenAI\n(OpenAI()\n  .fine_tuning\n  .jobs.create())\n")
    assert call.spot == (2, 2, 4, 15)


@pytest.mark.parametrize("depth", [30, 300])
def test_names_that_lead_in_circles_or_far_are_not_followed_for_ever(search, depth):
    source = "from trl import SFTTrainer\na = b\nb = a\na()\nx = x.y\nx()\n"
    source += "c0 = SFTTrainer\n" + "".join(f"c{number + 1} = c{number}\n" for number in range(depth))
    assert len(search(f"{source}c{depth}()")[0]) == (depth == 30)
    wide = "\n".join(f"x = x.a{number}.b() or x.c{number}()" for number in range(300))
    assert search(f"from trl import SFTTrainer\nx = SFTTrainer\n{wide}\n")[1] == []
    many = "\n".join(f"{'if a:' if level == 0 else 'if b:'}" + "\n" + indent("pass", " ") for level in range(500))
    assert search(f"from trl import SFTTrainer\n{many}\nSFTTrainer()")[0]
