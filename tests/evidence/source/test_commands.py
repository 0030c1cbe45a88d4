from __future__ import annotations

import pytest

from policy.evidence.source.calls import find_calls
from policy.evidence.source.known_calls import CALLS
from policy.evidence.source.notebooks import parse_notebook
from policy.evidence.source.python_parts import parse_python
from tests.evidence.source.conftest import make_notebook

START = "import os, shlex, subprocess, sys\n"


def write(*cells):
    return make_notebook(*cells).encode()


def find(source):
    """Name, tool, method and line of each call that starts a training."""
    calls = find_calls([parse_python(f"{START}{source}".encode())], CALLS)
    return [(call.name, call.known.tool, call.known.method, call.spot.line) for call in calls]


@pytest.mark.parametrize(
    ("command", "name", "tool", "method"),
    [
        ("axolotl train a.yaml", "axolotl train", "axolotl", ""),
        ("accelerate launch -m axolotl.cli.train a.yaml", "python -m axolotl.cli.train", "axolotl", ""),
        ("CUDA_VISIBLE_DEVICES=0 python3 -m axolotl.cli.train a.yaml", "python -m axolotl.cli.train", "axolotl", ""),
        ("if true; then axolotl train a.yaml; fi", "axolotl train", "axolotl", ""),
        ("cd work && llamafactory-cli train a.json", "llamafactory-cli train", "llama-factory", ""),
        ("/opt/venv/bin/trl dpo --config a.yaml", "trl dpo", "trl", "dpo"),
        ("torchrun --nproc_per_node 8 -m trl.scripts.grpo", "python -m trl.scripts.grpo", "trl", "grpo"),
        (
            "tune run --nproc_per_node=2 lora_dpo_distributed --config a",
            "tune run lora_dpo_distributed",
            "torchtune",
            "dpo",
        ),
        (
            "tune run ppo_full_finetune_single_device --config a",
            "tune run ppo_full_finetune_single_device",
            "torchtune",
            "ppo",
        ),
        ("openai api fine_tuning.jobs.create -m x", "openai api fine_tuning.jobs.create", "openai", ""),
    ],
)
def test_a_command_that_trains_is_found_however_it_is_started(command, name, tool, method):
    found = [(name, tool, method)]
    for source in (
        f"os.system({command!r})",
        f"subprocess.run({command!r}, shell=True, check=True)",
        f"line = {command!r}\nsubprocess.check_call(shlex.split(line))",
        f"os.system(f'{command} {{sys.argv[1]}}')",
    ):
        assert [call[:3] for call in find(source)] == found, source
    calls = find_calls(parse_notebook(write(f"!{command}"))[0], CALLS)
    assert [(call.name, call.known.tool, call.known.method) for call in calls] == found


@pytest.mark.parametrize(
    "source",
    [
        "subprocess.Popen([sys.executable, '-m', 'axolotl.cli.train', path])",
        "command = ['accelerate', 'launch', '-m', 'axolotl.cli.train']\nsubprocess.run(command)",
    ],
)
def test_words_of_a_list_are_one_command(source):
    assert [call[0] for call in find(source)] == ["python -m axolotl.cli.train"]


@pytest.mark.parametrize(
    "command",
    [
        "axolotl preprocess a.yaml",
        "axolotl train --help",
        "trl chat --model a",
        "trl vllm-serve",
        "tune run eleuther_eval --config a",
        "tune download a",
        "llamafactory-cli export a.yaml",
        "echo axolotl train",
        "pip install axolotl trl train",
        "python -m",
        "'axolotl train",
        "",
    ],
)
def test_other_commands_start_no_training(command):
    assert find(f"os.system({command!r})\nsubprocess.run({command.split()!r})") == []
    assert find_calls(parse_notebook(write(f"!{command}\nx = 1"))[0], CALLS) == []


@pytest.mark.parametrize(
    "source",
    [
        "print('axolotl train a.yaml')",
        "text = 'axolotl train a.yaml'",
        "subprocess.run(command)",
        "command = command\nsubprocess.run(command)",
        "a = b\nb = a\nos.system(a)",
        "os.system()",
        "os.system(*['axolotl train'])",
        "subprocess.run(make(), shell=True)",
        "system('axolotl train a.yaml')",
        "__import__('os')",
    ],
)
def test_what_is_started_is_told_by_what_stands_there(source):
    assert find(source) == []


def test_commands_of_a_whole_cell_stand_where_it_begins():
    notebook = write("x = 1", "%%bash\npip install trl\ntrl sft \\\n  --config a.yaml\n")
    (call,) = find_calls(parse_notebook(notebook)[0], CALLS)
    assert (call.name, call.label) == ("trl sft", "cell 2")
    assert notebook.decode().splitlines()[call.spot.line - 1].strip().startswith('"source": "%%bash')


def test_a_module_that_is_imported_by_its_name_is_known():
    source = "import importlib\ntrl = importlib.import_module('trl')\ntrl.SFTTrainer('a').train()"
    assert [call[:3] for call in find(source)] == [("trl.SFTTrainer", "trl", "sft")]
    assert find("trl = load('trl')\ntrl.SFTTrainer('a').train()") == []
