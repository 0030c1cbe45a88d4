"""Programs as people write them: where the server refuses the run nothing is trained, and a notebook lives on."""

from __future__ import annotations

import importlib.util

import pytest

pytest.importorskip("mlflow", reason="the client belongs to MLflow")

AUTOLOG = """\
import mlflow, numpy
from sklearn.linear_model import LinearRegression

mlflow.sklearn.autolog(log_models=False)
mlflow.set_experiment(experiment_id="7")
model = LinearRegression()
try:
    model.fit(numpy.array([[1.0], [2.0], [3.0]]), numpy.array([1.0, 2.0, 3.0]))
finally:
    print("trained" if hasattr(model, "coef_") else "not trained")
print("went on")
"""


@pytest.fixture(autouse=True)
def sklearn():
    return pytest.importorskip("sklearn", reason="autolog is tried with it")


def test_autolog_trains_where_it_may(standin, run_script):
    done = run_script(AUTOLOG, standin.url)
    assert (done.returncode, done.stdout.splitlines()[-2:]) == (0, ["trained", "went on"]), done.stderr
    assert len(standin.sent) == 1


def test_autolog_does_not_train_what_is_refused(standin, run_script):
    standin.refuse_runs()
    done = run_script(AUTOLOG, standin.url)
    assert (done.returncode, done.stdout) == (1, "not trained\n")
    assert done.stderr.endswith("RunRefused: the run in `support` is refused by 1 policy:\n- rows: too few\n")


def test_nor_what_is_resumed_and_refused(standin, run_script):
    standin.refuse_runs()
    done = run_script(AUTOLOG, standin.url, MLFLOW_RUN_ID="r" * 32)
    assert (done.returncode, done.stdout) == (1, "not trained\n")


def test_nor_what_has_a_manifest_with_a_mistake(standin, run_script, project):
    (project / "ml-manifest.yaml").write_text("manifest: 1\nproject: support\ndata: {rows: few}\n")
    done = run_script(AUTOLOG, standin.url)
    assert (done.returncode, done.stdout) == (1, "not trained\n")
    assert "ml-manifest.yaml:3:14: `data.rows`: `few` is not a whole number" in done.stderr


def test_without_this_client_autolog_trains_on(standin, run_script):
    # What the client is for: MLflow makes a warning of the refusal.
    standin.refuse_runs()
    unhook = "import mlflow.store.tracking.rest_store as r, policy.gates.mlflow.client.stores as s\n"
    unhook += "s.JudgedStore.create_run = r.RestStore.create_run\n"
    done = run_script(unhook + AUTOLOG, standin.url)
    assert (done.returncode, done.stdout.splitlines()[-2:]) == (0, ["trained", "went on"])


NOTEBOOK = f"""\
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.run_cell("before = 1")
cell = shell.run_cell({AUTOLOG!r})
print("stopped by", type(cell.error_in_exec).__name__)
after = shell.run_cell("print('alive', before)")
print(after.success)
"""


@pytest.mark.skipif(importlib.util.find_spec("IPython") is None, reason="IPython is not installed")
def test_a_cell_of_a_notebook_is_stopped_and_its_kernel_lives_on(standin, run_script):
    standin.refuse_runs()
    done = run_script(NOTEBOOK, standin.url)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "not trained"
    assert "went on" not in lines
    assert lines[-3:] == ["stopped by RunRefused", "alive 1", "True"]
    assert "RunRefused: the run in `support` is refused by 1 policy:\n- rows: too few" in done.stdout
    assert "Traceback" not in done.stdout


def test_tracing_sends_and_stops_nothing(standin, run_script, project):
    (project / "ml-manifest.yaml").write_text("manifest: 1\n")
    program = "import mlflow\n@mlflow.trace\ndef ask(): return 5\nprint(ask())\n"
    done = run_script(program, standin.url, MLFLOW_ENABLE_ASYNC_TRACE_LOGGING="false", MLFLOW_EXPERIMENT_ID="7")
    assert done.stdout.startswith("5"), done.stderr
    assert standin.sent == []
