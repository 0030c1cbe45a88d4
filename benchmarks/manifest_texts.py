"""Realistic manifests, generated: the same seed gives the same texts."""

from __future__ import annotations

import os
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

APPROACHES = ("fine-tuning", "fine-tuning", "fine-tuning", "rag", "prompt-engineering", "few-shot", "hybrid")
PURPOSES = ("style", "domain-language", "task-pattern", "latency", "knowledge")
KINDS = ("assistant", "agent", "extraction", "classification", "generation")
BASES = ("Qwen/Qwen2.5-7B-Instruct", "mistralai/Mistral-7B-Instruct-v0.3", "meta-llama/Llama-3.1-8B-Instruct")
LICENSES = ("apache-2.0", "mit", "cc-by-4.0", "llama3.1")
TUNED = ("fine-tuning", "hybrid")
TOOLS = ("trl", "axolotl", "llama-factory", "torchtune")
TRIED = ("base-model", "prompt-engineering", "system-prompt", "few-shot", "rag")


def write_manifest(number: int) -> str:
    """The text of one manifest: 50 to 75 lines, some fields left out, some at odds with the catalogue."""
    random = Random(number)
    approach = random.choice(APPROACHES)
    lines = [
        f"# Project {number} of team {number % 97}, as its owner states it.",
        "manifest: 1",
        f"project: project-{number:05}",
        "owner:",
        f"  team: team-{number % 97:02}",
        f"  contact: team-{number % 97:02}@example.com",
        f"  training_experience: {_flag(random)}",
        f"approach: {approach}",
        f"purpose: [{', '.join(random.sample(PURPOSES, random.choice((1, 1, 2))))}]",
        f"stage: {random.choice(('experiment', 'pilot', 'production'))}",
        *_write_system(random),
        *_write_data(random, number),
        *_write_training(random, approach, number),
        *_write_tried(random),
        *_write_costs(random, approach),
    ]
    return "\n".join(lines) + "\n"


def _flag(random: Random) -> str:
    return random.choice(("true", "false"))


def _write_system(random: Random) -> Iterator[str]:
    yield "system:"
    yield f"  kind: {random.choice(KINDS)}"
    yield f"  users: {random.choice(('internal', 'customers', 'public'))}"
    yield "  use: commercial"
    yield f"  risk: {random.choice(('minimal', 'limited', 'high'))}"
    yield f"  human_oversight: {_flag(random)} # who reads the output before it counts"
    yield "needs:"
    for name in ("citations", "traceability", "knowledge", "consistency", "varied_tasks"):
        if random.random() < 0.9:
            yield f"  {name}: {_flag(random)}"
    yield f"  update_within: {random.choice((1, 7, 90))}d"
    yield f"  latency_p95: {random.choice((400, 800, 2000))}ms"


def _write_data(random: Random, number: int) -> Iterator[str]:
    yield "data:"
    yield f"  rows: {random.choice((40, 90, 450, 1200, 25000))}"
    if random.random() < 0.8:
        yield f"  change_interval: {random.choice((1, 7, 45, 180, 365))}d"
    yield "  duplicate_rate: 0"
    yield "  personal_data: 0"
    yield f"  personal_data_approved: {_flag(random)}"
    yield "  sources:"
    for split in ("train", "validation", "test")[: random.choice((2, 3))]:
        yield f"    - name: acme/corpus-{number % 311}-{split}"
        yield f"      license: {random.choice(LICENSES)}"
        yield f"      split: {split}"


def _write_training(random: Random, approach: str, number: int) -> Iterator[str]:
    yield "model:"
    yield f"  base: {random.choice(BASES)}"
    if random.random() < 0.7:
        yield f"  revision: {number * 2654435761 % 2**32:08x}{number:08x}"
    yield f"  license: {random.choice(LICENSES)}"
    if approach in TUNED:
        yield "  parameters: 7615616512"
        yield "  training_flops: 8.2e23"
        yield "  remote_code: false"
        yield "training:"
        yield f"  tool: {random.choice(TOOLS)}"
        yield f"  interval: {random.choice((30, 90, 180))}d"
        if random.random() < 0.7:
            yield f"  commit: {number * 2654435761 % 2**32:08x}{number:08x}"
        yield f"  method: {random.choice(('sft', 'dpo'))}"
        yield f"  adapter: {random.choice(('lora', 'qlora', 'full'))}"
        yield f"  epochs: {random.choice((1, 2, 3, 8))}"
        if random.random() < 0.7:
            yield "  seed: 7"
        yield f"  validation: {_flag(random)}"


def _write_tried(random: Random) -> Iterator[str]:
    yield "tried:"
    for approach in random.sample(TRIED, random.choice((1, 2, 3))):
        run, score = random.randbytes(16).hex(), random.randint(40, 95)
        yield f"  - {{approach: {approach}, run: 'mlflow:/runs/{run}', score: 0.{score}, sufficient: false}}"
    yield "evaluation:"
    for name in ("style_metric", "consistency", "pattern_shown", "domain_gap"):
        if random.random() < 0.8:
            yield f"  {name}: {_flag(random)}"
    yield "  baseline: 0.71"
    yield f"  tuned: 0.{random.randint(65, 90)}"


def _write_costs(random: Random, approach: str) -> Iterator[str]:
    if approach in TUNED:
        yield "hosting:"
        yield f"  kind: {random.choice(('self-hosted', 'provider'))}"
        yield f"  billed_idle: {_flag(random)}"
    yield "cost:"
    yield f"  run: {random.choice((12, 60, 240))} USD"
    yield f"  month: {random.choice((90, 314, 1200))} USD"
    if approach in TUNED:
        yield "  hosting_month: 456 USD"
    yield "budget:"
    yield "  per_run: 200 USD"
    yield "  per_month: 900 USD"
    yield "usage:"
    yield f"  calls_per_month: {random.choice((900, 90000, 4000000))}"
    yield f"  saving_per_call: {random.choice((0.0001, 0.002, 0.01))} USD"


def write_projects(folder: str, count: int) -> None:
    """So many projects below a folder, each a folder with a manifest and nothing else."""
    for number in range(count):
        place = os.path.join(folder, f"team-{number % 97:02}", f"project-{number:05}")
        os.makedirs(place)
        with open(os.path.join(place, "ml-manifest.yaml"), "w", encoding="utf-8") as stream:
            stream.write(write_manifest(number))
