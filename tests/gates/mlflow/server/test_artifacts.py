"""The rules of artifacts that are sent in parts or to signed addresses, which no store of this machine supports."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

pytest.importorskip("mlflow", reason="needs the extra `mlflow`")

from mlflow.exceptions import MlflowException

from policy.gates.mlflow.server import artifacts, reopening
from policy.gates.mlflow.server.refusals import refuse
from policy.gates.mlflow.server.stores import Found
from policy.gates.mlflow.server.wrapping import guard_object
from policy.records.runs.rows import RunRow

HELD, GOOD, BASELINE, FREE = (digit * 32 for digit in "abcd")
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


class Guard:
    """What is known of four runs."""

    def __init__(self):
        self.rows = {GOOD: ROW._replace(run=GOOD), BASELINE: ROW._replace(run=BASELINE, activity="baseline")}
        self.reopened = []

    def check_write(self, run, find_experiment):
        if run == HELD:
            raise refuse("it is held")
        return self.rows.get(run)

    def find_row(self, run):
        return self.rows.get(run)

    def find_binding(self, experiment):
        return object() if experiment is GOVERNED else None

    def forget(self, run):
        pass

    def reopen(self, row, reason):
        self.reopened.append((row.run, reason))


@pytest.fixture
def guard(monkeypatch):
    def find(run):
        if run not in (HELD, GOOD, BASELINE, FREE):
            return None
        experiment = UNGOVERNED if run == FREE else GOVERNED
        return Found(run, experiment, f"{experiment.artifact_location}/{run}/artifacts", ended=False)

    monkeypatch.setattr(artifacts, "find_known_run", find)
    monkeypatch.setattr(artifacts, "find_model", lambda _: None)
    monkeypatch.setattr("policy.gates.mlflow.server.places.list_experiments", lambda: [UNGOVERNED, GOVERNED])
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
        ("s3://bucket/root", "1/traces/tr-1/artifacts", 0),
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
