from __future__ import annotations

from policy.errors import Location
from policy.evidence.source.telling import describe_calls, tell_calls
from tests.evidence.source.conftest import make_notebook

IMPORTS = "from trl import DPOTrainer, SFTTrainer\n"


def tell(search, source, file="train.py"):
    calls, _ = search(source, file=file)
    return {fact.path: fact for fact in tell_calls(calls, file, "abc")}


def test_one_call_tells_what_it_is_and_where(search):
    told = tell(search, f"{IMPORTS}t = SFTTrainer(x)\n")
    assert {path: fact.value for path, fact in told.items()} == {
        "approach": "fine-tuning",
        "training.tool": "trl",
        "training.method": "sft",
    }
    for fact in told.values():
        assert fact.origin == "observed"
        assert fact.source == "call of trl.SFTTrainer (line 2)"
        assert fact.location == Location("train.py", 2, 5, 2, 15)
        assert fact.digest == "abc"


def test_of_several_calls_all_are_named_and_what_differs_is_left_out(search):
    told = tell(search, f"{IMPORTS}SFTTrainer(x)\nDPOTrainer(x)\n")
    assert {path: fact.value for path, fact in told.items()} == {"approach": "fine-tuning", "training.tool": "trl"}
    assert told["approach"].source == "calls of trl.SFTTrainer (line 2) and trl.DPOTrainer (line 3)"
    assert told["approach"].location.line == 2


def test_what_one_of_them_does_not_tell_is_left_out(search):
    told = tell(search, f"{IMPORTS}SFTTrainer(x)\nclient.fine_tuning.jobs.create()\n")
    assert set(told) == {"approach"}


def test_a_job_at_openai_tells_who_offers_the_model(search):
    told = tell(search, "from openai import OpenAI\nOpenAI().fine_tuning.jobs.create()\n")
    assert {path: fact.value for path, fact in told.items()} == {
        "approach": "fine-tuning",
        "model.provider": "openai",
        "training.tool": "openai",
    }
    # Azure has the models of others, and elsewhere it is not known who.
    for made in ("AzureOpenAI()", "OpenAI(base_url=x)"):
        other = tell(search, f"from openai import AzureOpenAI, OpenAI\n{made}.fine_tuning.jobs.create()\n")
        assert "model.provider" not in other


def test_in_a_notebook_the_cell_is_named(search):
    calls, _ = search(make_notebook("import trl", "trl.SFTTrainer(x)"), file="a.ipynb")
    assert describe_calls(calls) == f"call of trl.SFTTrainer (cell 2, line {calls[0].spot.line})"


def test_nobody_has_to_read_hundreds(search):
    calls, _ = search(f"{IMPORTS}" + "SFTTrainer(x)\n" * 100)
    said = describe_calls(calls)
    assert said.startswith("calls of trl.SFTTrainer (line 2), trl.SFTTrainer (line 3)")
    assert said.endswith(" and 91 more")
