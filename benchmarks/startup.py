"""The cold start of `policy check`, as whole processes: beside the imports that it cannot do without, and a rival."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from typing import Any

import yaml

from benchmarks.peers.hashimori_pack import nest, write_intake, write_pack
from benchmarks.processes import Command, find_script
from benchmarks.rules import RULES, read_rules
from benchmarks.table import Budget, print_table
from benchmarks.timing import time_interleaved

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROUNDS = 25
BUDGET = Budget(2.2)
BARE = "python -c pass"
IMPORTS = 'python -c "import pydantic, yaml, pluggy, click"'
EXAMPLE = "ticket-triage"
# Every rule is met: as a manifest writes them, and as they are compared.
CLEAN: dict[str, tuple[Any, Any]] = {
    "approach": ("fine-tuning", "fine-tuning"),
    "purpose": (["style"], ["style"]),
    "stage": ("production", "production"),
    "system.kind": ("assistant", "assistant"),
    "system.users": ("customers", "customers"),
    "system.use": ("commercial", "commercial"),
    "system.risk": ("limited", "limited"),
    "system.human_oversight": (True, True),
    "needs.citations": (False, False),
    "needs.traceability": (False, False),
    "needs.consistency": (True, True),
    "needs.latency_p95": ("800ms", 800),
    "retrieval.planned": (False, False),
    "data.rows": (25000, 25000),
    "data.change_interval": ("180d", 180 * 86_400_000),
    "data.personal_data": (0, 0),
    "data.personal_data_approved": (False, False),
    "model.revision": ("a09a354", "a09a354"),
    "model.license": ("apache-2.0", "apache-2.0"),
    "model.parameters": (7000000000, 7000000000),
    "hosting.kind": ("self-hosted", "self-hosted"),
    "training.adapter": ("full", "full"),
    "training.method": ("sft", "sft"),
    "training.validation": (True, True),
    "training.seed": (7, 7),
    "evaluation.style_metric": (True, True),
    "evaluation.consistency": (True, True),
}
FAULTY = {**CLEAN, "data.rows": (40, 40)}


def run() -> bool:
    """Print the table; whether the budget is kept."""
    script = find_script("policy")
    if script is None:
        print("the command `policy` is not installed beside this Python; install it with: pip install -e '.[bench]'")
        return False
    with tempfile.TemporaryDirectory() as folder:
        plain, tracked = make_projects(folder)
        candidates = list_candidates(script, plain, tracked)
        times = time_interleaved({name: command.run for name, command in candidates.items()}, ROUNDS)
    base = times[IMPORTS]
    rows, within = [], True
    for name, spent in times.items():
        ratio = spent.median / base.median
        counts = name.startswith("check")
        within &= not counts or BUDGET.is_met(ratio)
        rows.append(
            (
                name,
                f"{spent.median * 1e3:.1f}",
                f"{spent.least * 1e3:.1f}",
                f"{ratio:.2f}",
                BUDGET.say(ratio) if counts else "",
            )
        )
    print_table(
        "Cold start of `policy check`",
        f"Whole processes with compiled modules and warm file caches, {ROUNDS} interleaved runs (a first one is not\n"
        "counted), ms. The ratio is that of the medians to the imports. `check` judges one manifest by the whole\n"
        "catalogue; the last two judge one by the same 16 rules and give the same verdict, blocked, and on\n"
        "another input allowed.",
        ("process", "median", "least", "ratio", "budget"),
        rows,
    )
    return within


def list_candidates(script: str, plain: str, tracked: str) -> dict[str, Command]:
    """The processes to time, by name."""
    python = sys.executable
    candidates = {
        BARE: Command((python, "-c", "pass"), plain),
        IMPORTS: Command((python, "-c", "import pydantic, yaml, pluggy, click"), plain),
        "check, folder, `policy`": Command((script, "check", EXAMPLE), plain),
        "check, folder, `python -m tunegate`": Command((python, "-m", "tunegate", "check", EXAMPLE), plain),
        "check, git repository, `policy`": Command((script, "check", EXAMPLE), tracked),
        "`policy check`, 16 rules": Command((script, "check", "faulty"), os.path.join(plain, "common"), (1,)),
    }
    rival = find_script("hashimori")
    if rival is None:
        print("hashimori is not installed and left out; install it with: pip install -e '.[bench]'")
        return candidates
    evaluate = (rival, "evaluate", "--exit-code", "--rules", "pack.yaml", "--context")
    refuse_difference(script, evaluate, os.path.join(plain, "common"))
    candidates["`hashimori evaluate`, 16 rules"] = Command(
        (*evaluate, "faulty.json"), os.path.join(plain, "common"), (2,)
    )
    return candidates


def refuse_difference(script: str, evaluate: tuple[str, ...], folder: str) -> None:
    """Raises RuntimeError unless both block the faulty input and allow the clean one."""
    Command((script, "check", "faulty"), folder, (1,)).run()
    Command((script, "check", "clean"), folder).run()
    Command((*evaluate, "faulty.json"), folder, (2,)).run()
    Command((*evaluate, "clean.json"), folder).run()


def make_projects(folder: str) -> tuple[str, str]:
    """The same projects in a plain folder and in a git repository."""
    plain, tracked = os.path.join(folder, "plain"), os.path.join(folder, "tracked")
    shutil.copytree(os.path.join(ROOT, "examples", EXAMPLE), os.path.join(plain, EXAMPLE))
    write_common(os.path.join(plain, "common"))
    shutil.copytree(plain, tracked)
    for arguments in (("init", "--quiet"), ("add", "--all")):
        subprocess.run(("git", *arguments), cwd=tracked, check=True)
    return plain, tracked


def write_common(folder: str) -> None:
    """The common rules, and a clean and a faulty project, as both tools read them."""
    with open(RULES, encoding="utf-8") as stream:
        texts = stream.read().split("---\n")
    files = {f"rules/rule-{number}.yaml": text for number, text in enumerate(texts)}
    files["policy.yaml"] = "policy_set: 1\nname: common\npolicies: [rules]\n"
    files["pack.yaml"] = write_pack(read_rules())
    for name, facts in (("clean", CLEAN), ("faulty", FAULTY)):
        written = nest({path: text for path, (text, _) in facts.items()})
        manifest = {"manifest": 1, "project": name, **written}
        files[f"{name}/ml-manifest.yaml"] = yaml.safe_dump(manifest, sort_keys=False)
        files[f"{name}.json"] = write_intake({path: value for path, (_, value) in facts.items()})
    for file, text in files.items():
        path = os.path.join(folder, file)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(text)
