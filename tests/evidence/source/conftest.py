"""Sources that are searched for the calls that ship with the package, or for others."""

from __future__ import annotations

import json
from collections.abc import Callable
from textwrap import dedent
from typing import Any

import pytest

from policy.evidence.source.known_calls import CALLS
from policy.evidence.source.marks import make_marks, select_calls
from policy.evidence.source.scripts import ScriptCalls, read_script

Search = Callable[..., ScriptCalls]


@pytest.fixture
def search() -> Search:
    """What is found in a script, with the bytes searched first as a run does."""

    def read(source: str | bytes, file: str = "train.py", known: tuple[Any, ...] = CALLS) -> ScriptCalls:
        data = source if isinstance(source, bytes) else dedent(source).encode()
        marks = make_marks(known)
        selected = select_calls(data, marks)
        return read_script(data, file, selected, marks) if selected else ScriptCalls([], [])

    return read


@pytest.fixture
def names(search: Search) -> Callable[..., list[tuple[str, str, str]]]:
    """Name, tool and method of each call that is found."""

    def read(source: str, **options: Any) -> list[tuple[str, str, str]]:
        calls, faults = search(source, **options)
        assert faults == []
        return [(call.name, call.known.tool, call.known.method) for call in calls]

    return read


def make_notebook(*cells: str | list[str], indent: int | None = 1, **metadata: Any) -> str:
    """A notebook with these code cells."""
    listed: list[dict[str, Any]] = [
        {"cell_type": "code", "metadata": {}, "outputs": [], "source": cell} for cell in cells
    ]
    root: dict[str, Any] = {"cells": listed, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(root, indent=indent, ensure_ascii=False)
