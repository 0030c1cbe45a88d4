"""The rules of artifacts that are sent in parts or to signed addresses, which no store of this machine supports."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

pytest.importorskip("mlflow", reason="needs the extra `mlflow`")

from mlflow.exceptions import MlflowException

from policy.gates.mlflow.server import artifacts, reopening, roots
from policy.gates.mlflow.server.refusals import refuse
from policy.gates.mlflow.server.stores import Found
from policy.gates.mlflow.server.wrapping import guard_object
from policy.records.runs.rows import RunRow

HELD, GOOD, BASELINE, FREE, ENDED = (digit * 32 for digit in "abcde")
ROOT = "s3://bucket/root/1"
ROW = RunRow("mlflow", "", "1", "p", "ada", "training", "", "", "admitted", "allow")
GOVERNED = SimpleNamespace(name="support-x", experiment_id="1", artifact_location=ROOT)
UNGOVERNED = SimpleNamespace(name="free", experiment_id="2", artifact_location="s3://bucket/root/2")


class Repository:
    """As MLflow's of S3: what is done is noted."""

    def __init__(self, uri):
        self.artifact_uri = uri
        self.done = []

    def create_multipart_upload(self, local_file, num_parts=1, artifact_path=None):
        self.done.append("create")

    def complete_multipart_upload(self, local_file, upload_id, parts=None, artifact_path=None):
        self.done.append("complete")

    def abort_multipart_upload(self, local_file, upload_id, artifact_path=None):
        self.done.append("abort")

    def create_presigned_upload_url(self, artifact_path, expiration=900):
        self.done.append("sign")

    def log_artifacts(self, local_dir, artifact_path=None):
        self.done.append("folder")

    def delete_artifacts(self, artifact_path=None):
        self.done.append("delete")

    def list_artifacts(self, path=None):
        return ["read"]


class Store:
    def get_experiment(self, found):
        return {"1": GOVERNED, "2": UNGOVERNED}[found]


class Guard:
    """What is known of five runs."""

    def __init__(self):
        self.rows = {run: ROW._replace(run=run) for run in (GOOD, ENDED)}
        self.rows[BASELINE] = ROW._replace(run=BASELINE, activity="baseline")
        self.reopened = []
        # Of what was released there is an entry.
        self.steps = ()

    def check_write(self, run, find_experiment):
        if run == HELD:
            raise refuse("it is held")
        return self.rows.get(run)

    def find_row(self, run):
        return self.rows.get(run)

    @property
    def ledger(self):
        return self

    register = ledger

    def read(self, *_):
        return self.steps

    server = "mlflow"

    def find_binding(self, experiment):
        return object() if experiment is GOVERNED else None

    def refresh(self):
        self.panel = SimpleNamespace(
            settings=SimpleNamespace(find_binding=lambda name, _: name == GOVERNED.name or None)
        )

    def forget(self, run):
        pass

    def reopen(self, row, reason):
        self.reopened.append((row.run, reason))


@pytest.fixture
def guard(monkeypatch):
    def find(run):
        if run not in (HELD, GOOD, BASELINE, FREE, ENDED):
            return None
        experiment = UNGOVERNED if run == FREE else GOVERNED
        return Found(run, experiment, f"{experiment.artifact_location}/{run}/artifacts", ended=run == ENDED)

    monkeypatch.setattr(artifacts, "find_known_run", find)
    monkeypatch.setattr(artifacts, "find_model", lambda _: None)
    traces = {"tr-1": GOVERNED, "tr-2": UNGOVERNED}
    monkeypatch.setattr(artifacts, "find_trace_experiment", traces.get)
    monkeypatch.setattr(roots, "list_experiments", lambda _since: [UNGOVERNED, GOVERNED])
    monkeypatch.setattr(roots, "get_tracking_store", Store)
    monkeypatch.setattr(reopening, "show_state", lambda *_: None)
    return Guard()


def do_all(repository, path):
    """Each way of writing; how many of them were refused."""
    refused = 0
    for write in (
        lambda: repository.create_multipart_upload("model.bin", 2, path),
        lambda: repository.complete_multipart_upload("model.bin", "1", [], path),
        lambda: repository.abort_multipart_upload("model.bin", "1", artifact_path=path),
        lambda: repository.create_presigned_upload_url(f"{path}/model.bin"),
        lambda: repository.log_artifacts("/tmp/model", path),
        lambda: repository.delete_artifacts(path),
    ):
        try:
            write()
        except MlflowException as error:
            refused += error.error_code == "PERMISSION_DENIED"
    return refused


@pytest.mark.parametrize(
    ("uri", "path", "refused"),
    [
        # The server's own store, where the path says which run it is, and that of one run.
        ("s3://bucket/root", f"1/{HELD}/artifacts", 6),
        (f"{ROOT}/{HELD}/artifacts", "deep", 6),
        ("s3://bucket/root", f"1/%61{HELD[1:]}/artifacts", 6),
        ("s3://bucket/root", f"1/{GOOD}/artifacts/{HELD}", 6),
        ("s3://bucket/root", "1/beside", 6),
        ("s3://bucket/root", f"1/{'0' * 32}/artifacts", 6),
        ("s3://bucket/root", f"1/{FREE}/artifacts", 6),
        ("s3://bucket/root", f"1/{GOOD}", 6),
        ("s3://bucket/root", f"1/{GOOD}/artifacts", 0),
        ("s3://bucket/root", f"1/{GOOD}/artifacts/{'0' * 32}", 0),
        ("s3://bucket/root", f"2/{FREE}/artifacts", 0),
        ("s3://bucket/root", "2/beside", 0),
        # What is kept of a trace is in the folder of one that is there, in its own experiment.
        ("s3://bucket/root", "1/traces/tr-1/artifacts", 0),
        ("s3://bucket/root", "1/traces/tr-1/artifacts/attachments", 0),
        ("s3://bucket/root", "1/traces/tr-1", 6),
        ("s3://bucket/root", "1/traces/tr-1/artifacts/../../x", 6),
        ("s3://bucket/root", "1/traces/tr-2/artifacts", 6),
        ("s3://bucket/root", "1/traces/tr-3/artifacts", 6),
        ("s3://bucket/root", "1/traces", 6),
        ("s3://bucket/root", "1/deep/traces/tr-1/artifacts", 6),
        ("s3://bucket/root", "2/traces/tr-3/artifacts", 0),
    ],
)
def test_who_writes_by_parts_or_signed_addresses_is_asked_as_well(guard, uri, path, refused):
    repository = guard_object(Repository(uri), artifacts.make_rules(guard))
    assert do_all(repository, path) == refused
    assert len(repository.done) == 6 - refused
    assert repository.list_artifacts(path) == ["read"]


def test_the_name_of_a_file_in_parts_shows_a_model(guard):
    repository = guard_object(Repository("s3://bucket/root"), artifacts.make_rules(guard))
    repository.create_multipart_upload("answers.json", 2, f"1/{BASELINE}/artifacts")
    assert guard.reopened == []
    repository.create_multipart_upload("model.safetensors", 2, f"1/{BASELINE}/artifacts")
    assert guard.reopened == [(BASELINE, "it was admitted as `baseline`, and the file `model.safetensors` was written")]


ALL = {"create", "complete", "sign", "folder", "delete"}


def write_all(guard, path):
    """What is noted of each way of writing below a path."""
    found = []
    for name, write in (
        ("create", lambda repository: repository.create_multipart_upload("x.pkl", 2, path)),
        ("complete", lambda repository: repository.complete_multipart_upload("x.pkl", "1", [], path)),
        ("abort", lambda repository: repository.abort_multipart_upload("x.pkl", "1", artifact_path=path)),
        ("sign", lambda repository: repository.create_presigned_upload_url(f"{path}/x.pkl")),
        ("folder", lambda repository: repository.log_artifacts("/tmp/model", path)),
        ("delete", lambda repository: repository.delete_artifacts(f"{path}/x.pkl")),
    ):
        guard.reopened.clear()
        write(guard_object(Repository("s3://bucket/root"), artifacts.make_rules(guard)))
        found += [(name, run, reason) for run, reason in guard.reopened]
    return found


def test_whatever_is_written_to_a_run_that_has_ended_changes_it_but_for_what_writes_nothing(guard):
    noted = write_all(guard, f"1/{ENDED}/artifacts/model")
    assert {name for name, *_ in noted} == ALL
    assert {run for _, run, _ in noted} == {ENDED}
    reasons = [reason.rpartition("/")[2] for *_, reason in noted]
    assert reasons[-1] == "x.pkl` was deleted after it had ended"
    assert reasons[2] == "x.pkl` was written after it had ended"


def test_a_folder_that_is_called_like_a_run_is_not_that_run(guard):
    assert write_all(guard, f"1/{GOOD}/artifacts/{ENDED}/artifacts") == []
    assert write_all(guard, f"2/{FREE}/artifacts/{ENDED}") == []


@pytest.mark.parametrize(
    ("files", "path", "changes"),
    [
        ([f"{GOOD}/model"], "model", ALL),
        ([f"{GOOD}/model"], "model/deep", ALL),
        # Files of a folder are written one by one, or the whole folder with what is in it.
        ([f"{GOOD}/model/deep"], "model", {"folder"}),
        ([GOOD], "anything", ALL),
        ([f"{GOOD}/model"], "mod%65l", ALL),
        ([f"{GOOD}/model"], "model2", set()),
        ([f"{GOOD}/model"], "reports/model", set()),
        (["m-1", f"{FREE}/model"], "model", set()),
        ([], "model", set()),
    ],
)
def test_while_a_run_goes_on_what_is_written_to_the_files_of_a_version_changes_it(guard, files, path, changes):
    said = {"release": {"version": "support/1", "files": files}}
    guard.steps = [(json.dumps(said).encode(), *ROW._replace(run=GOOD, seq=1))]
    noted = write_all(guard, f"1/{GOOD}/artifacts/{path}")
    assert {name for name, *_ in noted} == changes
    assert all(reason.endswith("after it was released as `support/1`") for *_, reason in noted)
