"""The Trainer of transformers against a real server that judges: where it refuses, no step is made."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("mlflow", reason="the client belongs to MLflow")
pytest.importorskip("flask_wtf", reason="the server of these tests authenticates")
pytest.importorskip("sklearn", reason="it trains after the Trainer")
from tests.enough_rows import GOOD, SMALL
from tests.gates.mlflow.client.judging import HELD, USER, count_runs, serve_judging
from tests.gates.mlflow.server.serving import PASSWORD, Server
from tests.gates.transformers.starting import QUIET, needs_trainer, run_ranks

pytestmark = needs_trainer
TRAININGS = Path(__file__).with_name("trainings.py")
ADA = {"MLFLOW_TRACKING_USERNAME": "ada", "MLFLOW_TRACKING_PASSWORD": PASSWORD}
REFUSED = "enough-rows (fail): data.rows is 5 (declared), at least 100 is required\n  to put it right: collect more"
LOCAL = "policy_set: 1\npolicies: [few]\n"
FEW = "policy: few-rows\ntitle: Few rows\nseverity: low\nrequire: {data.rows: {at_most: 1000}}\neffect: block\n"


@pytest.fixture(scope="module")
def judging(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve_judging(tmp_path_factory.mktemp("server")) as server:
        yield server


def make_project(folder: Path) -> Path:
    """Its own policy set, which only the callback of the Trainer asks, allows less than a thousand rows."""
    project = folder / "trained"
    (project / ".git").mkdir(parents=True)
    (project / "few").mkdir()
    (project / "few" / "few.yaml").write_text(FEW)
    (project / "policy.yaml").write_text(LOCAL)
    (project / "trainings.py").write_text(TRAININGS.read_text())
    return project


Run = Callable[..., list[subprocess.CompletedProcess[str]]]


@pytest.fixture
def train(judging: Server, tmp_path: Path) -> Run:
    """Runs a program in a project with a manifest, on so many ranks."""

    def run(text: str, manifest: str, ranks: int = 1, **environment: str) -> list[subprocess.CompletedProcess[str]]:
        project = tmp_path / "trained"
        project = project if project.exists() else make_project(tmp_path)
        (project / "ml-manifest.yaml").write_text(manifest)
        tracked = {"MLFLOW_TRACKING_URI": judging.url, **USER, **environment}
        return run_ranks(text, project, ranks, tracked)

    return run


CASES = """\
import json, os
from functools import partial
import mlflow, policy, torch
from accelerate import Accelerator
from sklearn.linear_model import LinearRegression
from trainings import Steps, attempt, make_trainer

def report(*callbacks):
    make_trainer(*callbacks, report_to="mlflow").train()

def autolog():
    make_trainer().train()

def begin(train):
    with mlflow.start_run():
        train()

def lose(train):
    os.remove("ml-manifest.yaml")
    train()

def track():
    accelerator = Accelerator(cpu=True, log_with="mlflow")
    accelerator.init_trackers("support-tone", config={"learning_rate": 0.1})
    layer = torch.nn.Linear(1, 1)
    model, optimizer = accelerator.prepare(layer, torch.optim.SGD(layer.parameters(), lr=0.1))
    for _ in range(2):
        Steps.begun += 1
        accelerator.backward(model(torch.ones(1, 1)).sum())
        optimizer.step()
    accelerator.end_training()

def fit():
    LinearRegression().fit([[1.0], [2.0], [3.0]], [1.0, 2.0, 3.0])
    Steps.begun += 1

attempt("first", HELD, report)
attempt("silent", SMALL, lambda: make_trainer(report_to="none").train())
for train in (report, autolog):
    way = train.__name__
    attempt(f"{way}: refused", SMALL, train)
    attempt(f"{way}: held", HELD, train)
    attempt(f"{way}: admitted", GOOD, train)
    attempt(f"{way}: mistaken", SMALL + "data: few", train)
    for experiment in ("observed", "flagged"):
        attempt(f"{way}: refused, {experiment}", SMALL, train, experiment)
        attempt(f"{way}: held, {experiment}", HELD, train, experiment)
    attempt(f"{way}: begun, refused", SMALL, partial(begin, train))
    attempt(f"{way}: begun, held", HELD, partial(begin, train))
    attempt(f"{way}: begun, admitted", GOOD, partial(begin, train))
    active = mlflow.start_run()
    attempt(f"{way}: active", GOOD, train)
    attempt(f"{way}: active, refused by now", SMALL, train)
    attempt(f"{way}: active, held by now", HELD, train)
    attempt(f"{way}: active, gone by now", GOOD, partial(lose, train))
    attempt(f"{way}: active, admitted by now", GOOD.replace("500", "501"), train)
    os.environ["MLFLOW_NESTED_RUN"] = "true"
    attempt(f"{way}: nested, refused", SMALL, train)
    attempt(f"{way}: nested, admitted", GOOD, train)
    del os.environ["MLFLOW_NESTED_RUN"]
    mlflow.end_run()
    mlflow.transformers.autolog()

for name, manifest in (("refused", SMALL), ("held", HELD), ("admitted", GOOD)):
    attempt(f"accelerate: {name}", manifest, track)

besides = lambda: report(policy.make_trainer_callback())
attempt("besides: refused", SMALL, besides)
attempt("besides: admitted", GOOD, besides)
attempt("besides: refused by the callback", GOOD.replace("500", "5000"), besides)
attempt("besides: refused after that", SMALL, besides)
mlflow.end_run()

os.mkdir("elsewhere")
open("elsewhere/ml-manifest.yaml", "w").write(GOOD)
active = policy.start_run(manifest="elsewhere")
attempt("active, with another manifest that is as it was", SMALL, report)
mlflow.end_run()
active = policy.start_run(activity="baseline")
attempt("active, as a baseline", SMALL, report)
mlflow.flush_async_logging()
print("CASE", json.dumps({"name": "baseline", "state": mlflow.get_run(active.info.run_id).data.tags["policy.state"]}))
mlflow.end_run()

mlflow.autolog(log_models=False)
attempt("all: scikit-learn, refused", SMALL, fit)
attempt("all: scikit-learn, held", HELD, fit)
attempt("all: refused", SMALL, autolog)
attempt("all: held", HELD, autolog)
attempt("all: scikit-learn, refused after that", SMALL, fit)
attempt("all: admitted", GOOD, autolog)
attempt("all: scikit-learn, admitted", GOOD, fit)
"""
WAITS = "known-owner (fail): owner.team is not stated, and must be\nWho can decide now: bob (leads)."
TRAINED = (2, 1, "")
# The steps that begin, the runs that there are besides, and what is said.
EACH = {
    "refused": (0, 0, REFUSED),
    "held": (0, 0, WAITS),
    "admitted": TRAINED,
    "mistaken": (0, 0, "ml-manifest.yaml:4:1: the key `data` is given twice"),
    "refused, observed": TRAINED,
    "held, observed": TRAINED,
    "refused, flagged": TRAINED,
    "held, flagged": TRAINED,
    "begun, refused": (0, 0, REFUSED),
    "begun, held": (0, 0, WAITS),
    "begun, admitted": TRAINED,
    "active": (2, 0, ""),
    "active, refused by now": (0, 0, REFUSED),
    "active, held by now": (0, 0, "end it (`mlflow.end_run()`), and begin a run that asks for it"),
    "active, gone by now": (0, 0, "the manifest that the active run was begun with is gone"),
    "active, admitted by now": (2, 0, ""),
    "nested, refused": (0, 0, REFUSED),
    "nested, admitted": TRAINED,
}
EXPECTED = {
    # Whoever asks again joins the request.
    "first": (0, 1, WAITS),
    # Nobody reports, so that nobody is asked.
    "silent": (2, 0, ""),
    **{f"{way}: {name}": comes for way in ("report", "autolog") for name, comes in EACH.items()},
    "accelerate: refused": (0, 0, REFUSED),
    "accelerate: held": (0, 0, WAITS),
    "accelerate: admitted": TRAINED,
    "besides: refused": (0, 0, REFUSED),
    "besides: admitted": TRAINED,
    # The run is begun before the callback is asked, and is there still.
    "besides: refused by the callback": (0, 1, "block[few-rows]: data.rows is 5,000 (declared)"),
    "besides: refused after that": (0, 0, REFUSED),
    "active, with another manifest that is as it was": (2, 0, ""),
    "active, as a baseline": (2, 0, ""),
    "all: scikit-learn, refused": (0, 0, REFUSED),
    "all: scikit-learn, held": (0, 0, WAITS),
    "all: refused": (0, 0, REFUSED),
    "all: held": (0, 0, WAITS),
    "all: scikit-learn, refused after that": (0, 0, REFUSED),
    "all: admitted": TRAINED,
    "all: scikit-learn, admitted": (1, 1, ""),
}


@pytest.fixture(scope="module")
def cases(judging: Server, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What came of each, in one process like that of a notebook, and the state of the baseline's run."""
    project = make_project(tmp_path_factory.mktemp("cases"))
    (project / "ml-manifest.yaml").write_text(GOOD)
    manifests = f"SMALL, GOOD, HELD = {SMALL!r}, {GOOD!r}, {HELD!r}\n"
    (done,) = run_ranks(manifests + CASES, project, 1, {"MLFLOW_TRACKING_URI": judging.url, **USER})
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in re.findall(r"^CASE (.+)$", done.stdout, re.MULTILINE)]
    return {case["name"]: case for case in found}


def test_every_case_is_tried(cases):
    assert cases.keys() == {*EXPECTED, "baseline"}


@pytest.mark.parametrize("name", EXPECTED)
def test_where_the_server_refuses_no_step_is_made(name, cases):
    steps, runs, said = EXPECTED[name]
    found = cases[name]
    assert (found["steps"], found["runs"], found["end"]) == (steps, runs, "RunRefused" if said else "")
    assert said in found["said"]


def test_what_trains_in_the_run_of_a_baseline_is_seen_by_the_server(cases):
    assert cases["baseline"]["state"] == "reopened"


SCRIPT = """\
import mlflow
from trainings import Steps, make_trainer

mlflow.transformers.autolog()
mlflow.set_experiment("support-tone")
try:
    make_trainer().train()
finally:
    print("steps", Steps.begun)
print("went on")
"""


def test_a_program_ends_with_the_whole_explanation(judging, tmp_path):
    project = make_project(tmp_path)
    (project / "ml-manifest.yaml").write_text(SMALL)
    (project / "train.py").write_text(SCRIPT)
    before = count_runs(judging)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "train.py"],
        cwd=project,
        env={**os.environ, **QUIET, "MLFLOW_TRACKING_URI": judging.url, **USER},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "steps 0\n"), done.stderr
    end = "\nNobody can let it pass: put it right, or take another approach.\n"
    assert re.search(rf"\npolicy\.RunRefused: the run in .+\n- {re.escape(REFUSED)} examples{end}$", done.stderr)
    assert count_runs(judging) == before


def test_what_is_approved_trains_where_it_waited(judging, train):
    manifest = HELD.replace("500", "502")
    (done,) = train(SCRIPT, manifest, **ADA)
    assert (done.returncode, done.stdout) == (1, "steps 0\n"), done.stderr
    (request,), (run,) = (re.findall(said, done.stderr) for said in (r"request (r-[a-z2-7]+)", r"MLFLOW_RUN_ID=(\w+)"))
    (done,) = train(SCRIPT, manifest, MLFLOW_RUN_ID=run, **ADA)
    assert (done.returncode, done.stdout) == (1, "steps 0\n"), done.stderr

    path = f"/policy/api/1/requests/{request}/approve"
    assert judging.ask("POST", path, {"reason": "it is needed"}, "bob").status == 200
    (done,) = train(SCRIPT, manifest, MLFLOW_RUN_ID=run, **ADA)
    assert done.returncode == 0, done.stderr
    assert {"steps 2", "went on"} <= set(done.stdout.splitlines())
    found = judging.ask("GET", f"/api/2.0/mlflow/runs/get?run_id={run}", user="ada").body["run"]
    assert found["info"]["status"] == "FINISHED"


NOTEBOOK = f"""\
import json, sys
from jupyter_client.manager import start_new_kernel

manager, client = start_new_kernel(kernel_name="python3")
try:
    for cell in ("kept = 1", {SCRIPT!r}, "print('alive', kept)"):
        told = []
        answer = client.execute_interactive(cell, timeout=120, output_hook=told.append)["content"]
        texts = [one["content"].get("text", "") for one in told if one["msg_type"] == "stream"]
        shown = [line for one in told if one["msg_type"] == "error" for line in one["content"]["traceback"]]
        print("CELL", json.dumps([answer["status"], answer.get("ename", ""), "".join(texts), shown]), flush=True)
    print("alive", manager.is_alive())
finally:
    client.stop_channels()
    manager.shutdown_kernel(now=True)
"""


def test_the_kernel_of_a_notebook_lives_on(train):
    pytest.importorskip("ipykernel", reason="it is the kernel of notebooks")
    (done,) = train(NOTEBOOK, SMALL)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    first, stopped, last = (json.loads(line[5:]) for line in lines if line.startswith("CELL "))
    assert first[0] == "ok"
    assert stopped[:2] == ["error", "RunRefused"]
    assert "steps 0" in stopped[2]
    assert "went on" not in stopped[2]
    # The reason alone, and all of it.
    assert stopped[3][0].startswith("RunRefused: the run in `support-tone` is refused by 1 policy")
    assert REFUSED in stopped[3][0]
    assert (last[0], last[2], lines[-1]) == ("ok", "alive 1\n", "alive True")


RANKS = """\
import os, sys
import mlflow, policy
from trainings import Steps, make_trainer

mlflow.set_experiment("support-tone")
try:
    WAY
finally:
    stopped = sys.exc_info()[0] or str
    print("rank", Steps.begun, Steps.ended, stopped.__name__)
"""
REPORT = "make_trainer({}report_to='mlflow', ddp_backend='gloo').train()"


@pytest.mark.parametrize(
    ("way", "begun", "told"),
    [
        # The others wait for rank 0 in the middle of a step.
        (REPORT.format(""), 1, False),
        (REPORT.format("policy.make_trainer_callback(), "), 0, False),
        (f"with policy.guard('support-tone'): {REPORT.format('')}", 0, True),
    ],
    ids=["alone", "with the callback", "under a guard"],
)
def test_no_rank_ends_a_step_where_rank_0_is_refused(way, begun, told, train):
    done = train(RANKS.replace("WAY", way), SMALL, ranks=2)
    found = [re.search(r"^rank (\d) 0 (\w+)$", rank.stdout, re.MULTILINE) for rank in done]
    assert all(found), [(rank.stdout, rank.stderr) for rank in done]
    first, second = ((int(one[1]), one[2]) for one in found if one)
    assert first == (0, "RunRefused")
    assert second[0] <= begun
    assert (second[1] == "RunRefused") == told
    # By themselves, and not killed by whoever waited for them.
    assert [rank.returncode for rank in done] == [1, 1]
    assert REFUSED in done[0].stderr
    assert (REFUSED in done[1].stderr) == told
