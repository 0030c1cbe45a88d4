"""Training files written for one test, and what comes of judging them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from policy.evidence.job_files.judgement import Judgement
from policy.evidence.job_files.judging import Task, judge_file
from policy.evidence.job_files.providers import PROVIDERS


def write_lines(rows: list[Any], ending: str = "\n") -> bytes:
    """Rows as JSON Lines."""
    return "".join(json.dumps(row) + ending for row in rows).encode()


@pytest.fixture
def judge(tmp_path: Path) -> Callable[..., Judgement]:
    """Judge a file of this content; rows are written as JSON Lines."""

    def run(
        content: bytes | str | list[Any], provider: str = "openai", kind: str | None = None, **options: Any
    ) -> Judgement:
        data = write_lines(content) if isinstance(content, list) else content
        file = tmp_path / "train.jsonl"
        file.write_bytes(data.encode() if isinstance(data, str) else data)
        return judge_file(str(file), "train.jsonl", Task(PROVIDERS[provider], kind, **options))

    return run


@pytest.fixture
def places() -> Callable[[Judgement], list[tuple[str, int, int]]]:
    """Rule, line and column of each violation that is shown."""

    def list_places(judgement: Judgement) -> list[tuple[str, int, int]]:
        found = []
        for finding in judgement.findings:
            assert finding.problem.location is not None
            found.append((finding.rule, finding.problem.location.line, finding.problem.location.column))
        return found

    return list_places
