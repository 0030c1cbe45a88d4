"""At `policy+…` addresses a run is judged by who begins it, and all else is MLflow's own."""

from __future__ import annotations

import pytest

from policy.app.runs.recent import Recent
from policy.app.runs.refusal import RunRefused
from policy.gates.mlflow.client import judging
from tests.enough_rows import RULE, SMALL
from tests.gates.mlflow.client.standin import API

mlflow = pytest.importorskip("mlflow", reason="the client belongs to MLflow")
# MLflow's own.
pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader:DeprecationWarning")

POLICY_SET = "policy_set: 1\npolicies: [rules]\ngates: {run: {mode: enforce}}\n"
TRAIN = """\
import mlflow, numpy
from sklearn.linear_model import LinearRegression

mlflow.sklearn.autolog()
mlflow.set_experiment("tone")
model = LinearRegression()
try:
    model.fit(numpy.array([[1.0], [2.0], [3.0]]), numpy.array([1.0, 2.0, 3.0]))
finally:
    print("trained" if hasattr(model, "coef_") else "not trained")
logged = mlflow.search_logged_models(output_format="list")[0]
print(mlflow.register_model(logged.model_uri, "tone").version)
print(mlflow.pyfunc.load_model("models:/tone/1").predict(numpy.array([[4.0]])))
print(mlflow.last_active_run().info.artifact_uri, logged.artifact_location)
"""


@pytest.fixture(autouse=True)
def rules(project, monkeypatch):
    monkeypatch.setattr(judging, "_ADMITTED", Recent(9))
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    (project / "rules").mkdir()
    (project / "rules" / "rows.yaml").write_text(RULE)
    (project / "policy.yaml").write_text(POLICY_SET)


@pytest.fixture(params=["sqlite", "file"])
def address(request, tmp_path):
    place = request.getfixturevalue("store") if request.param == "sqlite" else f"file:{tmp_path}/runs"
    mlflow.set_tracking_uri(f"policy+{place}")
    yield f"policy+{place}"
    mlflow.set_tracking_uri(None)


def list_runs(address):
    client = mlflow.MlflowClient(address.removeprefix("policy+"))
    return client.search_runs([one.experiment_id for one in client.search_experiments()])


def test_what_may_begins_and_ends_as_ever(address):
    with mlflow.start_run() as run:
        mlflow.log_param("seed", 1)
        mlflow.log_text("a", "notes.txt")
    assert mlflow.artifacts.load_text(f"{run.info.artifact_uri}/notes.txt") == "a"
    assert "policy+" not in run.info.artifact_uri
    (found,) = list_runs(address)
    assert (found.info.status, found.data.params) == ("FINISHED", {"seed": "1"})
    assert found.data.tags["ml-manifest.activity"] == "training"


def test_what_may_not_leaves_no_run(address, project):
    (project / "ml-manifest.yaml").write_text(SMALL)
    with pytest.raises(RunRefused, match="rows is 5") as raised:
        mlflow.start_run()
    assert "help: collect more examples" in str(raised.value)
    assert mlflow.active_run() is None
    assert list_runs(address) == []


def test_nor_is_a_run_resumed(address, project):
    with mlflow.start_run() as run:
        pass
    (project / "ml-manifest.yaml").write_text(SMALL)
    with pytest.raises(RunRefused, match="rows is 5"):
        mlflow.start_run(run_id=run.info.run_id)
    assert [one.info.status for one in list_runs(address)] == ["FINISHED"]


@pytest.mark.usefixtures("address")
def test_nor_does_a_trainer_begin_in_a_run_with_a_manifest_that_may_not(project):
    parameters = {"num_train_epochs": 3}
    with mlflow.start_run() as run:
        (project / "ml-manifest.yaml").write_text(SMALL)
        with pytest.raises(RunRefused, match="rows is 5"):
            mlflow.log_params(parameters, synchronous=False)
        (project / "ml-manifest.yaml").write_text(SMALL.replace("5", "600"))
        mlflow.log_params(parameters, synchronous=False).wait()
    (project / "ml-manifest.yaml").write_text(SMALL)
    with mlflow.start_run(tags={"ml-manifest.activity": "baseline"}):
        (project / "ml-manifest.yaml").write_text(SMALL.replace("5", "6"))
        mlflow.log_params(parameters, synchronous=False).wait()
    assert mlflow.get_run(run.info.run_id).data.params == {"num_train_epochs": "3"}


@pytest.mark.usefixtures("address")
def test_a_run_that_is_not_training_is_judged_as_what_it_says_it_is(project, monkeypatch):
    (project / "ml-manifest.yaml").write_text(SMALL)
    with mlflow.start_run(tags={"ml-manifest.activity": "baseline"}) as run:
        pass
    with mlflow.start_run(run_id=run.info.run_id):
        pass
    monkeypatch.setenv("POLICY_ACTIVITY", "evaluation")
    with mlflow.start_run():
        pass
    with pytest.raises(RunRefused):
        mlflow.start_run(tags={"ml-manifest.activity": "training"})


def test_the_address_without_the_scheme_judges_nothing(address, project):
    (project / "ml-manifest.yaml").write_text(SMALL)
    mlflow.set_tracking_uri(address.removeprefix("policy+"))
    with mlflow.start_run():
        pass
    assert len(list_runs(address)) == 1


@pytest.mark.usefixtures("address")
def test_what_is_the_same_is_judged_once(project, monkeypatch):
    from policy.app.runs import here

    judge, calls = here.judge_here, []

    def count(occasion, now):
        calls.append(occasion)
        return judge(occasion, now)

    monkeypatch.setattr(here, "judge_here", count)
    for _ in range(3):
        with mlflow.start_run(), mlflow.start_run(nested=True):
            pass
    assert len(calls) == 1
    (project / "ml-manifest.yaml").write_text(SMALL.replace("5", "700"))
    with mlflow.start_run():
        pass
    assert len(calls) == 2
    # A refusal is asked about again.
    (project / "ml-manifest.yaml").write_text(SMALL)
    for _ in range(2):
        with pytest.raises(RunRefused):
            mlflow.start_run()
    assert len(calls) == 4


@pytest.mark.usefixtures("address")
def test_it_can_be_left_out_and_says_so(project, monkeypatch, caplog):
    (project / "ml-manifest.yaml").write_text(SMALL)
    monkeypatch.setenv("POLICY_OFF", "1")
    for _ in range(2):
        with mlflow.start_run():
            pass
    assert [one.getMessage() for one in caplog.records].count("Tunegate: `POLICY_OFF` is set: runs begin unjudged") == 1


@pytest.mark.parametrize("named", [None, "tone", "new"])
def test_a_guard_asks_here_and_begins_nothing(named, address, project):
    import policy

    mlflow.set_experiment("tone")
    with policy.guard(named):
        pass
    (project / "ml-manifest.yaml").write_text(SMALL)
    with pytest.raises(RunRefused, match="rows is 5"), policy.guard(named):
        raise AssertionError
    with policy.guard(named, activity="baseline"):
        pass
    assert list_runs(address) == []


@pytest.mark.usefixtures("address")
def test_the_section_on_mlflow_says_which_experiments_are_judged(project):
    bound = "mlflow: {experiments: [{name: tone, project: support}, {name: canary, project: support, mode: observe}]}\n"
    (project / "policy.yaml").write_text(POLICY_SET + bound)
    (project / "ml-manifest.yaml").write_text(SMALL)
    for name in ("canary", "other"):
        mlflow.set_experiment(name)
        with mlflow.start_run():
            pass
    mlflow.set_experiment("tone")
    with pytest.raises(RunRefused, match="rows is 5"):
        mlflow.start_run()


@pytest.fixture
def server(standin):
    standin.judge_nothing()
    mlflow.set_tracking_uri(f"policy+{standin.url}")
    yield standin
    mlflow.set_tracking_uri(None)


def test_a_server_that_does_not_judge_is_told_no_run_that_must_not_begin(server, project, caplog):
    with mlflow.start_run(experiment_id="7"):
        pass
    assert server.tags["ml-manifest.activity"] == "training"
    assert "does not judge" not in caplog.text
    (project / "ml-manifest.yaml").write_text(SMALL)
    server.requests.clear()
    with pytest.raises(RunRefused, match="rows is 5"):
        mlflow.start_run(experiment_id="7")
    assert not [path for path in server.list_paths() if path.endswith("/runs/create")]


@pytest.mark.usefixtures("server")
def test_a_server_that_does_judge_is_asked_too(standin):
    standin.answers[f"GET {API}/"] = (200, {"server": "mlflow"})
    standin.refuse_runs()
    with pytest.raises(RunRefused, match="too few"):
        mlflow.start_run(experiment_id="7")
    assert len(standin.sent) == 1


def test_artifacts_that_a_server_keeps_are_asked_of_the_server(server):
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    for tracking in (None, server.url, f"policy+{server.url}"):
        found = get_artifact_repository("mlflow-artifacts:/7/r/artifacts", tracking_uri=tracking)
        assert found.artifact_uri == f"{server.url}/api/2.0/mlflow-artifacts/artifacts/7/r/artifacts"
    assert type(mlflow.MlflowClient()._get_registry_client().store).__name__ == "RestStore"


def test_autolog_trains_registers_and_loads(run_script, tmp_path):
    pytest.importorskip("sklearn", reason="autolog is tried with it")
    done = run_script(TRAIN, f"policy+sqlite:///{tmp_path}/runs.db")
    assert done.returncode == 0, done.stderr
    trained, version, predicted, places = done.stdout.splitlines()[-4:]
    assert (trained, version, predicted) == ("trained", "1", "[4.]")
    assert "policy+" not in places


def test_autolog_does_not_train_what_is_refused(run_script, project, store):
    pytest.importorskip("sklearn", reason="autolog is tried with it")
    (project / "ml-manifest.yaml").write_text(SMALL)
    done = run_script(TRAIN, f"policy+{store}")
    assert (done.returncode, done.stdout) == (1, "not trained\n")
    assert "RunRefused: the run is refused by the policies of its project:" in done.stderr
