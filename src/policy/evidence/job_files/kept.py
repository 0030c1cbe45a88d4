"""Large files that keep a provider's rules, remembered between runs by the content's digest.

One that breaks them is judged anew: what is wrong with it is more than is kept of any file.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from policy.evidence.data.contents import find_content
from policy.evidence.job_files.judgement import Judgement
from policy.evidence.job_files.judging import judge_file
from policy.evidence.job_files.rows import KINDS

if TYPE_CHECKING:
    from policy.evidence.job_files.judging import Task

_CODE = os.path.dirname(__file__)


def judge_once(root: str, real: str, shown: str, task: Task) -> Judgement:
    """Judge a file by itself, unless it is known that such a content keeps the rules; then without notes.

    Raises OSError.
    """
    kept = find_content(root, real, f"job file {task.provider.key} {task.kind}", _CODE)
    if kept is None:
        return judge_file(real, shown, task)
    known = _read(kept.load(), kept.digest, shown, task)
    if known is not None:
        return known
    judged = judge_file(real, shown, task)
    if judged.valid and not judged.findings:
        told: dict[str, int | str] = {"kind": judged.kind or "", "rows": judged.rows, "bytes": judged.bytes}
        kept.save(judged.sha256, told)
    return judged


def _read(entry: dict[str, Any] | None, digest: str, shown: str, task: Task) -> Judgement | None:
    """The judgement that an entry holds; None where it is not what it should be."""
    if entry is None or entry.get("kind") not in (*KINDS, ""):
        return None
    rows, size = entry.get("rows"), entry.get("bytes")
    if type(rows) is not int or type(size) is not int or not 0 < rows <= size:
        return None
    return Judgement(shown, task.provider, entry["kind"] or None, rows, size, digest, (), {}, {}, ())
