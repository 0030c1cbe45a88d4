from __future__ import annotations

import json

import pytest

from policy.evidence.job_files.key_names import show_key
from policy.gates.cli.main import main

TOKEN = "ghp_" + "a8K3mZq1R7tY5wX2cV9bN4jL6hG0fD3sP1oU"
HIDDEN = (
    TOKEN,
    "AKIA" + "QYLPMN5HHHFPZAM2",
    "jane@acme.example",
    "4111 1111 1111 1111",
    "a" * 41,
    "",
    "a\x1b[2J",
    "my key",
)


@pytest.mark.parametrize(
    "key", ["message", "tool_calls", "x-name", "Größe", "function.arguments", "gpt4", "function_call_2"]
)
def test_words_are_shown(key):
    assert show_key(key) == key


@pytest.mark.parametrize("key", HIDDEN)
def test_what_may_be_a_value_is_not(key):
    assert show_key(key) == "…"


@pytest.mark.parametrize("output", ["text", "json"])
@pytest.mark.parametrize("key", [key for key in HIDDEN if key])
def test_no_such_key_gets_into_a_report(tmp_path, capsys, key, output):
    turn = {"role": "user", "content": "q"}
    answer = {"role": "assistant", "content": "a"}
    rows = [
        {"messages": [turn, answer], key: 1},
        {"messages": [{**turn, key: key}, answer]},
        {"messages": [turn, answer], "tools": [{"type": "function", "function": {"name": key, key: {key: key}}}]},
        {key: {key: key}},
    ]
    twice = f'{{"messages": [], {json.dumps(key)}: 1, {json.dumps(key)}: 2}}'
    file = tmp_path / "train.jsonl"
    file.write_text("\n".join([*map(json.dumps, rows), twice]))
    assert main(["data", "validate", str(file), "--provider", "openai", "--output", output]) == 1
    said = "".join(capsys.readouterr())
    assert key not in said
    assert json.dumps(key) not in said
    assert "…" in said or "\\u2026" in said
