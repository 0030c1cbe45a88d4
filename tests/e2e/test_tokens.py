"""Tokens counted by the command with the tokenizers that are at hand, and with nothing that is not."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.evidence.tokens.conftest import COMMIT, CONTENT, TEXTS, cache_commit, count

OWN = "models/base/tokenizer.json"
CONFIG = "base_model: {base}\ndatasets:\n  - path: train.jsonl\n    type: completion\nadapter: lora\nnum_epochs: 2\n"
MANIFEST = """\
manifest: 1
project: replies
approach: fine-tuning
model: {parameters: 1000}
data: {tokens: 999, sources: [{path: train.jsonl, license: cc0-1.0}]}
training: {config: lora.yaml}
"""
EXACT = count(*TEXTS)
ESTIMATE = -(-sum(map(len, TEXTS)) // 4)
# Whoever asks for the network is ended with a code of its own.
PROGRAM = """
import os, sys
sys.addaudithook(lambda event, _: os._exit(9) if event in ("socket.connect", "socket.getaddrinfo") else None)
from tunegate import main
sys.argv = ["policy", "evidence", "-o", "json=evidence.json"]
code = main()
loaded = {name.partition(".")[0] for name in sys.modules}
print(code, sorted(loaded & {"tokenizers", "tiktoken", "huggingface_hub", "requests"}))
"""


@pytest.fixture
def project(plant):
    def write(base="models/base", **files):
        rows = "".join(json.dumps({"text": text}) + "\n" for text in TEXTS)
        named = {name.replace("__", "/"): content for name, content in files.items()}
        plant({"ml-manifest.yaml": MANIFEST, "lora.yaml": CONFIG.format(base=base), "train.jsonl": rows, **named})

    return write


@pytest.fixture
def tell(policy):
    """What is told of a fact, one `(value, origin, source, judged)` a claim; and all of the evidence."""

    def run(path="data.tokens", **environment):
        result = policy("evidence", "--output", "json", env={"POLICY_CACHE": "off", **environment})
        assert result.code == 0
        (subject,) = json.loads(result.out)["subjects"]
        claims = [fact for fact in subject["facts"] if fact["path"] == path]
        return [(fact["value"], fact["origin"], fact["source"], fact["judged"]) for fact in claims], subject, result

    return run


def test_an_exact_count_is_judged_and_the_declared_one_stands_beside_it(project, plant, tell, policy):
    project()
    plant({OWN: CONTENT})
    claims, subject, result = tell()
    (exact, declared) = claims
    assert (exact[0], exact[1], exact[3]) == (EXACT, "observed", True)
    assert exact[2].startswith(f"data files, by {OWN} (")
    assert declared == (999, "declared", "ml-manifest.yaml", False)
    assert subject["contradictions"] == []
    assert result.err == ""
    ((flops, *_),) = tell("training.flops")[0]
    assert flops == 1000 * EXACT * 2 * 4
    text = policy("evidence", env={"POLICY_CACHE": "off"}).out
    assert f"tokens                 {EXACT}" in text
    assert f"data files, by {OWN}" in text


def test_the_cache_of_the_hub_is_used_as_the_environment_says(project, tell, tmp_path_factory):
    hub = tmp_path_factory.mktemp("home") / "hub"
    hub.mkdir()
    cache_commit(hub, "acme/tiny", COMMIT, "main")
    project("acme/tiny")
    claims, _, _ = tell(HF_HUB_CACHE="", HF_HOME=str(hub.parent))
    assert claims[0] == (EXACT, "observed", f"data files, by acme/tiny at {COMMIT[:12]}", True)
    claims, _, _ = tell()
    assert claims == [
        (999, "declared", "ml-manifest.yaml", True),
        (ESTIMATE, "estimated", "data files, characters ÷ 4", False),
    ]


def test_a_broken_tokenizer_is_a_warning_and_the_estimate_stays(project, plant, tell):
    project()
    plant({OWN: "{"})
    claims, subject, result = tell()
    assert claims[1][:2] == (ESTIMATE, "estimated")
    reason = next(item["why"] for item in subject["unavailable"] if item["path"] == "data.tokens")
    assert claims[1][2] == f"data files, characters ÷ 4; {reason}"
    assert result.headlines == [
        f"warning: {OWN}:1:1: `{OWN}` cannot be used: EOF while parsing an object at line 1 column 1"
    ]


@pytest.mark.parametrize("base", ["models/base", "acme/unheard", "gpt-4o-mini"])
def test_tokenizers_are_loaded_in_a_process_of_their_own_and_nothing_is_fetched(project, plant, policy, base):
    project(base)
    plant({OWN: CONTENT})
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=policy.folder,
        env={**policy.environment, "POLICY_CACHE": "off"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert (done.returncode, done.stdout) == (0, "0 []\n")
    (subject,) = json.loads((policy.folder / "evidence.json").read_text())["subjects"]
    origins = {fact["origin"] for fact in subject["facts"] if fact["path"] == "data.tokens"}
    assert ("observed" in origins) == (base == "models/base")
