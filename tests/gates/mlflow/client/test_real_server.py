"""The client against real servers: one that judges, and MLflow's own."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

pytest.importorskip("mlflow", reason="the client belongs to MLflow")
pytest.importorskip("flask_wtf", reason="the servers of these tests authenticate")
pytest.importorskip("sklearn", reason="autolog is tried with it")
from tests.gates.mlflow.client.judging import USER, count_runs, serve_judging
from tests.gates.mlflow.client.test_training import AUTOLOG
from tests.gates.mlflow.server.serving import ADMIN, PASSWORD, Server, serve

TRAIN = AUTOLOG.replace('experiment_id="7"', '"support-tone"')
RESUME = TRAIN.replace("try:\n", "import os, policy\ntry:\n  with policy.start_run(run_id=os.environ['RUN']):\n")
GUARD = "import policy\nwith policy.guard('support-tone'):\n    print('went on')\n"


@pytest.fixture(scope="module")
def judging(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve_judging(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.mark.parametrize("program", [TRAIN, GUARD], ids=["autolog", "guard"])
def test_what_is_refused_neither_trains_nor_leaves_a_run(program, judging, run_script, project):
    (project / "ml-manifest.yaml").write_text("manifest: 1\nproject: support\ndata: {rows: 5}\n")
    before = count_runs(judging)
    done = run_script(program, judging.url, **USER)
    assert done.returncode == 1
    assert "went on" not in done.stdout
    assert "enough-rows (fail): data.rows is 5 (declared), at least 100 is required" in done.stderr
    assert "collect more examples" in done.stderr
    assert count_runs(judging) == before


@pytest.mark.parametrize("program", [TRAIN, GUARD], ids=["autolog", "guard"])
def test_what_is_admitted_goes_on(program, judging, run_script):
    done = run_script(program, judging.url, **USER)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "went on"), done.stderr


def test_what_is_held_waits_and_trains_nothing(judging, run_script, project):
    (project / "ml-manifest.yaml").write_text("manifest: 1\nproject: support\nstage: production\ndata: {rows: 500}\n")
    before = count_runs(judging)
    for _ in range(2):
        done = run_script(TRAIN, judging.url, **USER)
        assert (done.returncode, done.stdout) == (1, "not trained\n"), done.stderr
        assert "known-owner" in done.stderr
    assert count_runs(judging) == before + 1


def test_what_is_approved_goes_on_where_it_waited(judging, run_script, project):
    (project / "ml-manifest.yaml").write_text("manifest: 1\nproject: support\nstage: production\ndata: {rows: 501}\n")
    ada = {"MLFLOW_TRACKING_USERNAME": "ada", "MLFLOW_TRACKING_PASSWORD": PASSWORD}
    done = run_script(TRAIN, judging.url, **ada)
    assert (done.returncode, done.stdout) == (1, "not trained\n")
    request = re.search(r"request (r-[a-z2-7]+)", done.stderr)
    run = re.search(r"mlflow\.start_run\(run_id='(\w+)'\)", done.stderr)
    assert request, done.stderr
    assert run, done.stderr

    # Nobody has decided.
    done = run_script(RESUME, judging.url, RUN=run[1], **ada)
    assert (done.returncode, done.stdout) == (1, "not trained\n")
    path = f"/policy/api/1/requests/{request[1]}/approve"
    assert judging.ask("POST", path, {"reason": "mine"}, "ada").status == 403
    assert judging.ask("POST", path, {"reason": "it is needed"}, "bob").status == 200

    done = run_script(RESUME, judging.url, RUN=run[1], **ada)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "went on"), done.stderr
    found = judging.ask("GET", f"/api/2.0/mlflow/runs/get?run_id={run[1]}", user="ada").body["run"]
    tags = {tag["key"]: tag["value"] for tag in found["data"]["tags"]}
    assert (found["info"]["status"], tags["policy.state"]) == ("FINISHED", "admitted")


def test_a_project_of_another_experiment_is_refused(judging, run_script, project):
    (project / "ml-manifest.yaml").write_text("manifest: 1\nproject: billing\ndata: {rows: 500}\n")
    done = run_script(TRAIN, judging.url, **USER)
    assert (done.returncode, done.stdout) == (1, "not trained\n")
    assert "the manifest is that of `billing`" in done.stderr


def test_without_a_manifest_training_is_refused_and_a_baseline_is_not(judging, run_script, project):
    (project / "ml-manifest.yaml").unlink()
    done = run_script(TRAIN, judging.url, **USER)
    assert (done.returncode, done.stdout) == (1, "not trained\n")
    baseline = "import policy, mlflow\nmlflow.set_experiment('support-tone')\n"
    baseline += "with policy.start_run(activity='baseline'):\n    mlflow.log_metric('accuracy', 0.5)\n"
    done = run_script(baseline, judging.url, **USER)
    assert done.returncode == 0, done.stderr


def test_who_is_not_logged_in_trains_nothing(judging, run_script):
    done = run_script("import policy\nwith policy.guard('support-tone'):\n    print('went on')\n", judging.url)
    assert (done.returncode, done.stdout) == (1, "")
    assert "logged in" in done.stderr


def test_mlflows_own_server_judges_nothing_and_it_is_said(tmp_path, run_script):
    folder = tmp_path / "plain"
    folder.mkdir()
    with serve(folder, auth=True, app="basic-auth") as server:
        server.make_experiment("support-tone", ADMIN)
        done = run_script(TRAIN, server.url, **USER)
        assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "went on"), done.stderr
        assert done.stderr.count(f"the tracking server {server.url} does not judge runs") == 1
        assert "/policy/api" not in done.stderr
