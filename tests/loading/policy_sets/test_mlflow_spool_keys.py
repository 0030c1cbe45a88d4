"""The key `mlflow.spool_keys` of policy sets: public keys, one or a list."""

from __future__ import annotations

import pytest

from policy.app.workspace import open_workspace
from policy.errors import PolicyError
from policy.records.keys import make_key

ONE, TWO = (make_key(f"spool/server-{number}", bytes([number]) * 32).verifier.text for number in (1, 2))


def load(tmp_path, text):
    (tmp_path / "policy.yaml").write_text(
        f"policy_set: 1\nmlflow:\n  spool_keys: {text}\n  experiments: [{{name: a, project: p}}]\n"
    )
    return open_workspace(str(tmp_path)).policy_set.mlflow


@pytest.mark.parametrize(("text", "keys"), [(ONE, (ONE,)), (f"[{ONE}, '{TWO}']", (ONE, TWO))])
def test_one_or_several(tmp_path, text, keys):
    settings = load(tmp_path, text)
    assert settings is not None
    assert settings.spool_keys == keys


@pytest.mark.parametrize(
    "text",
    ["[]", "yes", "{a: b}", "''", ONE[:-1], f"{ONE}A", ONE.replace("+", " "), f"PRIVATE+KEY+{ONE}", "[[]]", "spool/x"],
)
def test_what_is_no_key(tmp_path, text):
    with pytest.raises(PolicyError) as caught:
        load(tmp_path, text)
    assert all(problem.location is not None and problem.location.line == 3 for problem in caught.value.problems)


def test_a_private_key_is_not_repeated(tmp_path):
    secret = make_key("spool/a", bytes(32)).text
    with pytest.raises(PolicyError) as caught:
        load(tmp_path, secret)
    assert secret[-20:] not in str(caught.value)
