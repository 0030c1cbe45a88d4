from __future__ import annotations

import pytest

from policy.evidence.source.calls import compile_name
from policy.evidence.source.known_calls import CALLS
from policy.evidence.source.marks import make_marks, select_calls
from policy.evidence.value_kinds import is_of_kind
from policy.model.fields import SCHEMA
from policy.plugins.contracts import TrainingCall

OWN = TrainingCall("acme_train.finetune")
LOOP = TrainingCall("*.backward", beside="peft.get_peft_model")


def select(data, *calls):
    return select_calls(data, make_marks(calls or CALLS))


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"from acme_train import finetune", [OWN]),
        (b"import acme_train as a\na.finetune()", [OWN]),
        (b"finetune()", []),
        (b"import acme_train", []),
        (b"", []),
        ("import acme_train; acme_train.finetune()".encode("utf-16"), [OWN]),
        (b"from peft import get_peft_model\nloss.backward()", [LOOP]),
        (b"loss.backward()", []),
    ],
)
def test_a_file_may_hold_a_call_where_it_has_every_word_of_it(data, found):
    assert select(data, OWN, LOOP) == found


def test_the_sieve_is_a_few_words_and_lets_no_call_through():
    marks = make_marks(CALLS)
    assert len(marks.sieve) < len(CALLS) / 3
    for call, words in marks.calls:
        assert select(b" ".join(words), call) == [call]
        assert any(word in b" ".join(words) for word in marks.sieve)


def test_the_words_of_the_sieve_are_none_that_every_file_holds():
    common = b"import os\ndef create(self, model, train, step):\n    'Create jobs, train.'\n    return loss.backward()"
    assert not any(word in common for word in make_marks(CALLS).sieve)


def test_the_table_tells_facts_that_there_are():
    for call in CALLS:
        assert not call.tool or is_of_kind(SCHEMA.fields["training.tool"].kind, call.tool)
        assert not call.method or is_of_kind(SCHEMA.fields["training.method"].kind, call.method)
    assert len({(call.name, call.beside) for call in CALLS}) == len(CALLS)


@pytest.mark.parametrize(
    ("known", "name", "same"),
    [
        ("trl.SFTTrainer", "trl.SFTTrainer", True),
        ("trl.SFTTrainer", "trl.trainer.sft_trainer.SFTTrainer", True),
        ("trl.SFTTrainer", "trl.SFTTrainer()", False),
        ("trl.SFTTrainer", "trl.MySFTTrainer", False),
        ("trl.SFTTrainer", "ctrl.SFTTrainer", False),
        ("trl.SFTTrainer", "mine.trl.SFTTrainer", False),
        ("trl.*Trainer", "trl.extra.NewTrainer", True),
        ("trl.*Trainer", "trl.TrainerCallback", False),
        ("transformers.*Trainer().train", "transformers.Trainer().train", True),
        ("transformers.*Trainer().train", "transformers.Trainer.train", False),
        ("*.jobs.create", "?.jobs.create", True),
        ("*.jobs.create", "a.B().c.jobs.create", True),
        ("*.jobs.create", "jobs.create", False),
        ("a.b", "a+b", False),
    ],
)
def test_a_name_goes_without_the_modules_between(known, name, same):
    assert bool(compile_name(known).fullmatch(name)) == same
