from __future__ import annotations

import pytest

from policy.gates.mlflow.server.places import DESTINATION, Place, decode, list_roots, name_ids, read_place

RUN, MODEL = "0123456789abcdef" * 2, "m-" + "0123456789abcdef" * 2


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("mlflow-artifacts:/1/x", Place("mlflow-artifacts", "", ("1", "x"))),
        (" MLflow-Artifacts:/1//./x/ ", Place("mlflow-artifacts", "", ("1", "x"))),
        ("mlflow-artifacts://Host:5000/1", Place("mlflow-artifacts", "host:5000", ("1",))),
        ("file:///srv/a", Place("", "", ("srv", "a"))),
        ("/srv/a", Place("", "", ("srv", "a"))),
        ("s3://Bucket/a%2Fb", Place("s3", "bucket", ("a", "b"))),
        ("s3://b/%25%37%38", Place("s3", "b", ("x",))),
        ("s3://b/a/../c", Place("s3", "b", ("a", "..", "c"))),
        ("models:/name/1", Place("models", "", ("name", "1"))),
        ("", Place("", "", ())),
    ],
)
def test_two_writings_of_a_place_are_one(text, place):
    assert read_place(text) == place


def test_what_is_encoded_without_end_ends():
    text = "%"
    for _ in range(50):
        text = text.replace("%", "%25")
    assert decode(text)
    assert decode("a%2525252541") == "aA"


@pytest.mark.parametrize(
    ("inner", "outer", "is_in"),
    [
        ("s3://b/1/run/artifacts/m", "s3://b/1/run/artifacts", True),
        ("s3://b/1/run", "s3://b/1/run", True),
        ("s3://b/1/run2", "s3://b/1/run", False),
        ("s3://c/1/run", "s3://b/1/run", False),
        ("gs://b/1/run", "s3://b/1/run", False),
        ("mlflow-artifacts://host/1/run", "mlflow-artifacts:/1", True),
        ("file:///srv/1/run", "/srv/1", True),
    ],
)
def test_a_place_is_in_another(inner, outer, is_in):
    assert read_place(inner).is_in(read_place(outer)) is is_in


@pytest.mark.parametrize(
    ("text", "runs", "models"),
    [
        (f"mlflow-artifacts:/1/{RUN}/artifacts", [RUN], []),
        (f"mlflow-artifacts:/1/models/{MODEL}/artifacts", [], [MODEL]),
        (f"runs:/{RUN}/m", [RUN], []),
        (f"models:/{MODEL}", [], [MODEL]),
        (f"s3://b/%30{RUN[1:]}/{MODEL}/x", [RUN], [MODEL]),
        (f"s3://b/{RUN}0/{RUN[:-1]}/x{RUN}", [], []),
    ],
)
def test_folders_that_are_ids_are_found(text, runs, models):
    assert name_ids(read_place(text)) == (runs, models)


def test_what_the_server_keeps_for_others_is_in_two_places(monkeypatch):
    monkeypatch.setenv(DESTINATION, "s3://bucket/kept")
    roots = [*list_roots("mlflow-artifacts:/1/x")]
    assert roots == [read_place("mlflow-artifacts:/1/x"), read_place("s3://bucket/kept/1/x")]
    assert [*list_roots("s3://other/1")] == [read_place("s3://other/1")]
    monkeypatch.delenv(DESTINATION)
    assert [*list_roots("mlflow-artifacts:/1")] == [read_place("mlflow-artifacts:/1")]
