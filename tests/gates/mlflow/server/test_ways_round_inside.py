"""Ways round the gate by what works inside of the server, such as its jobs of evaluation: clients without a request."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.gates.mlflow.server.conftest import write_set
from tests.gates.mlflow.server.serving import Server
from tests.gates.mlflow.server.ways import WAYS, list_runs

SCRIPT = """\
import os, sys, warnings
warnings.simplefilter("ignore")
folder = sys.argv[1]
uri = f"sqlite:///{folder}/mlflow.db"
os.environ["_MLFLOW_SERVER_FILE_STORE"] = uri
os.environ["_MLFLOW_SERVER_SERVE_ARTIFACTS"] = "true"
os.environ["_MLFLOW_SERVER_ARTIFACT_ROOT"] = os.environ["_MLFLOW_SERVER_ARTIFACT_DESTINATION"] = f"{folder}/artifacts"
import mlflow
from mlflow.exceptions import MlflowException
mlflow.set_tracking_uri(uri)
client = mlflow.MlflowClient()
# Made before the guard is there, and cached by MLflow.
experiment = client.create_experiment("support-inside")
free = client.create_experiment("free-inside")
early = client.create_run(experiment).info.run_id
from policy.gates.mlflow.server.app import build_app
build_app()

def tell(name, what):
    try:
        what()
        print(name, "passes")
    except MlflowException as error:
        print(name, error.error_code, "Tunegate" in error.message)

client = mlflow.MlflowClient()
client.log_param(early, "lora_alpha", "16")
tell(client.get_run(early).data.tags["policy.state"], lambda: None)
tell("create", lambda: client.create_run(experiment))
tell("resume", lambda: client.update_run(early, "RUNNING"))
tell("tag", lambda: client.set_tag(early, "policy.state", "admitted"))
client.create_registered_model("support-x")
tell("register", lambda: client.create_model_version("support-x", f"runs:/{early}/model", early))
tell("free", lambda: client.create_run(free))
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
repository = get_artifact_repository(f"{folder}/artifacts/{experiment}")
open(f"{folder}/x", "w").close()
tell("artifact", lambda: repository.log_artifact(f"{folder}/x"))
# What gunicorn serves: there artifacts come in by Flask, too.
from mlflow.server import app
flask = app.test_client()
for base in ("api", "ajax-api"):
    for place in (f"{experiment}/beside.bin", f"{experiment}/{'0' * 32}/artifacts/x", f"{free}/x"):
        path = f"/{base}/2.0/mlflow-artifacts/artifacts/{place}"
        answer = flask.put(path, data=b"x", auth=("admin", "a-password-of-tests"))
        print("flask", answer.status_code, "passes" if answer.status_code == 200 else "Tunegate" in answer.text)
mlflow.set_experiment(experiment_id=experiment)
tell("start", mlflow.start_run)
"""


def test_a_client_inside_of_the_server_meets_the_same_guard(tmp_path: Path) -> None:
    write_set(tmp_path)
    config = tmp_path / "auth.ini"
    config.write_text(
        f"[mlflow]\ndefault_permission = EDIT\ndatabase_uri = sqlite:///{tmp_path}/auth.db\n"
        "admin_username = admin\nadmin_password = a-password-of-tests\n"
        "authorization_function = mlflow.server.auth:authenticate_request_basic_auth\n"
    )
    script = tmp_path / "inside.py"
    script.write_text(SCRIPT)
    environ = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "POLICY_OFF": "1"}
    environ |= {"MLFLOW_AUTH_CONFIG_PATH": str(config), "MLFLOW_FLASK_SERVER_SECRET_KEY": "a-key-of-tests"}
    command = [sys.executable, str(script), str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert [line for line in done.stdout.splitlines() if line.endswith(("True", "False", "passes"))] == [
        "unadmitted passes",
        "create PERMISSION_DENIED True",
        "resume PERMISSION_DENIED True",
        "tag PERMISSION_DENIED True",
        "register PERMISSION_DENIED True",
        "free passes",
        "artifact PERMISSION_DENIED True",
        *["flask 403 True", "flask 403 True", "flask 200 passes"] * 2,
        "start PERMISSION_DENIED True",
    ], done.stderr


def test_graphql_changes_nothing(server: Server, experiment: str) -> None:
    for way in WAYS:
        query = (
            f'mutation {{ mlflowCreateRun(input: {{experimentId: "{experiment}"}}) {{ run {{ info {{ runId }} }} }} }}'
        )
        answer = server.ask("POST", "/graphql", {"query": query}, way.user)
        assert answer.status != 200 or answer.body["errors"], answer
    assert list_runs(server, experiment) == []
