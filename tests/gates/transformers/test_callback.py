"""The callback in a Trainer with a tiny model: nothing is trained that must not be, and no rank waits for another."""

from __future__ import annotations

import re

import pytest

from tests.enough_rows import SMALL
from tests.gates.transformers.starting import needs_trainer

pytestmark = needs_trainer

PROGRAM = """\
import os, sys
import torch
from transformers import Trainer, TrainerCallback, TrainingArguments
import policy

class Tiny(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(1, 1)

    def forward(self, x, labels=None):
        return {"loss": ((self.layer(x) - labels) ** 2).mean()}

class Steps(TrainerCallback):
    count = 0
    def on_step_begin(self, *_, **__):
        Steps.count += 1

arguments = TrainingArguments(
    "out", max_steps=2, use_cpu=True, report_to="none", save_strategy="no", disable_tqdm=True,
    ddp_backend="gloo" if "RANK" in os.environ else None,
)
data = [{"x": torch.tensor([1.0]), "labels": torch.tensor([2.0])}] * 8
trainer = Trainer(Tiny(), arguments, train_dataset=data, callbacks=[CALLBACK, Steps()])
try:
    for _ in range(TRAININGS):
        trainer.train()
finally:
    print("steps", Steps.count, "stopped" if sys.exc_info()[0] else "went on")
"""


def write(callback: str = "policy.make_trainer_callback()", trainings: int = 1) -> str:
    return PROGRAM.replace("CALLBACK", callback).replace("TRAININGS", str(trainings))


def read(done) -> list[tuple[int, str]]:
    """How many steps each rank made, and how it ended, which it did by itself: nobody waits for another for ever."""
    found = [re.search(r"^steps (\d+) (stopped|went on)$", one.stdout, re.MULTILINE) for one in done]
    assert all(found), [(one.stdout, one.stderr) for one in done]
    assert all(one.returncode >= 0 for one in done), [one.returncode for one in done]
    return [(int(one[1]), one[2]) for one in found if one]


def test_what_may_be_trained_is(train):
    (done,) = train(write())
    assert (done.returncode, read([done])) == (0, [(2, "went on")]), done.stderr


def test_what_may_not_stops_before_the_first_step(train, project):
    (project / "ml-manifest.yaml").write_text(SMALL)
    (done,) = train(write())
    assert (done.returncode, read([done])) == (1, [(0, "stopped")])
    assert "RunRefused: the run is refused by the policies of its project" in done.stderr
    assert "data.rows is 5 (declared), at least 100 is required" in done.stderr
    assert "collect more examples" in done.stderr


def test_two_ranks_stop_with_the_explanation(train, project):
    (project / "ml-manifest.yaml").write_text(SMALL)
    done = train(write(), ranks=2)
    assert read(done) == [(0, "stopped"), (0, "stopped")]
    for rank in done:
        assert rank.returncode == 1
        assert "data.rows is 5 (declared), at least 100 is required" in rank.stderr
        assert "collect more examples" in rank.stderr


def test_two_ranks_train_together(train):
    done = train(write(), ranks=2)
    assert [rank.returncode for rank in done] == [0, 0], done[0].stderr
    assert read(done) == [(2, "went on"), (2, "went on")]


JUDGED = """\
import policy.app.runs.here as here
judge, calls = here.judge_here, []
def count(*arguments):
    calls.append(arguments)
    return judge(*arguments)
here.judge_here = count
"""


def test_rank_0_judges_once_for_all_and_for_all_trainings(train):
    done = train(JUDGED + write(trainings=2) + 'print("judged", len(calls))\n', ranks=2)
    assert [rank.stdout.splitlines()[-1] for rank in done] == ["judged 1", "judged 0"], done[0].stderr
    assert read(done) == [(4, "went on"), (4, "went on")]


FAULTS = {
    "fault": "raise OSError('the disk is gone')",
    "end": "raise SystemExit(3)",
    "mistake": "from policy.errors import PolicyError, Problem; raise PolicyError(Problem('there is none'))",
}


@pytest.mark.parametrize(
    ("fault", "said"), [("fault", "the disk is gone"), ("end", "has stopped"), ("mistake", "none")]
)
def test_where_rank_0_cannot_judge_nobody_trains(fault, said, train):
    broken = (
        f"import policy.app.runs.here as here\ndef judge_here(*_):\n    {FAULTS[fault]}\nhere.judge_here = judge_here\n"
    )
    first, second = train(broken + write(), ranks=2)
    assert read([first, second]) == [(0, "stopped"), (0, "stopped")]
    assert (first.returncode, second.returncode) == (3 if fault == "end" else 1, 1)
    assert said in second.stderr


def test_a_manifest_with_a_mistake_is_told_on_every_rank(train, project):
    (project / "ml-manifest.yaml").write_text("manifest: 1\nproject: support\ndata: {rows: few}\n")
    done = train(write(), ranks=2)
    assert read(done) == [(0, "stopped"), (0, "stopped")]
    assert all("ml-manifest.yaml:3:14: `data.rows`: `few` is not a whole number" in rank.stderr for rank in done)


def test_it_can_be_told_what_is_trained_and_what_for(train, project):
    (project / "other").mkdir()
    (project / "other" / "ml-manifest.yaml").write_text(SMALL)
    (done,) = train(write("policy.make_trainer_callback(manifest='other')"))
    assert read([done]) == [(0, "stopped")]
    (done,) = train(write("policy.make_trainer_callback(manifest='other', activity='evaluation')"))
    assert read([done]) == [(2, "went on")], done.stderr


def test_without_a_manifest_nothing_is_trained(train, project):
    (project / "ml-manifest.yaml").unlink()
    (done,) = train(write())
    assert read([done]) == [(0, "stopped")]
    assert "a training needs the manifest of its project" in done.stderr


def test_it_can_be_left_out_and_says_so(train, project):
    (project / "ml-manifest.yaml").write_text(SMALL)
    (done,) = train(write(), POLICY_OFF="1")
    assert read([done]) == [(2, "went on")]
    assert "`POLICY_OFF` is set: the training begins unjudged" in done.stderr
