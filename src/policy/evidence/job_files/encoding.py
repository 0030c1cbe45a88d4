"""Judgements of training files as data, `policy-job-file/1`: the contract that other programs read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from policy.evidence.job_files.key_names import show_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy.evidence.job_files.judgement import Finding, Judgement

FORMAT: Final = "policy-job-file/1"


def encode_judgements(judged: Mapping[str, Judgement]) -> dict[str, Any]:
    """The judgements, by what the files are for (`training`, `validation`), ready to be written as JSON.

    `valid` is null where a file could not be read in full and broke no rule as far as it was.
    """
    verdicts = [judgement.valid for judgement in judged.values()]
    return {
        "format": FORMAT,
        "valid": False if False in verdicts else None if None in verdicts else True,
        "files": [encode_judgement(judgement, purpose) for purpose, judgement in judged.items()],
    }


def encode_judgement(judgement: Judgement, purpose: str) -> dict[str, Any]:
    """One file: counts of all violations by rule, and the first of them in full."""
    return {
        "file": judgement.file,
        "purpose": purpose,
        "provider": judgement.provider.key,
        "kind": judgement.kind,
        "valid": judgement.valid,
        "rows": judgement.rows,
        "bytes": judgement.bytes,
        "sha256": judgement.sha256,
        "errors": judgement.errors,
        "warnings": judgement.warnings,
        "unread": list(judgement.unread),
        "notes": list(judgement.notes),
        "violations": [_encode_finding(finding) for finding in judgement.findings],
    }


def _encode_finding(finding: Finding) -> dict[str, Any]:
    problem = finding.problem
    place = problem.location
    return {
        "rule": finding.rule,
        "level": problem.level,
        "line": place.line if place else None,
        "column": place.column if place else None,
        "path": [step if isinstance(step, int) else show_key(step) for step in finding.path],
        "message": problem.message,
        "remedy": problem.remedy,
        "related": [{"label": label, "file": other.file, "line": other.line} for label, other in problem.related],
    }
