"""The examples on a policy's page: what a manifest states, what evidence finds, and what the report says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.language.cases import DEFAULT_TIME
from policy.language.phrases import say_parameter
from policy.model.condition import Leaf, Now, walk
from policy.model.fact import ABSENT
from policy.reports.markdown import escape, escape_inline, write_code, write_fence
from policy.reports.pages.fact_text import INPUTS
from policy.reports.pages.manifest_text import write_manifest, write_value

if TYPE_CHECKING:
    from policy.model.fact import Fact
    from policy.model.policy import Case, Policy
    from policy.model.schema import Schema
    from policy.reports.pages.entry import PolicyEntry


def write_examples(entry: PolicyEntry) -> list[str]:
    """An example that fails and one that passes, where the policy has such cases."""
    lines = []
    for outcome, title in (("fail", "This fails"), ("pass", "This passes")):
        example = entry.examples.get(outcome)
        if example is not None:
            lines += [f"### {title}", "", *_write_case(example.case, entry), ""]
            if example.message:
                lines += ["The report says:", "", f"> {escape(example.message)}", ""]
    return lines


def _write_case(case: Case, entry: PolicyEntry) -> list[str]:
    declared = [fact for fact in case.claims if fact.origin == "declared"]
    lines = write_fence("yaml", write_manifest(declared, entry.schema)) if declared else []
    found = [fact for fact in case.claims if fact.origin != "declared"]
    if found:
        lines += ["", "with this evidence:" if declared else "With this evidence:", ""]
        lines += [f"- {_say_evidence(fact, entry.schema)}" for fact in found]
    return [*lines, *_write_circumstances(case, entry)]


def _say_evidence(fact: Fact, schema: Schema) -> str:
    if fact.value is ABSENT:
        return f"{write_code(fact.path)}: looked for, and absent"
    field = schema.fields[fact.path]
    follows = bool(INPUTS.get(field.path)) and not field.writable and not field.evidence
    origin = "which follows from other facts" if follows else fact.origin
    return f"{write_code(f'{fact.path}: {write_value(fact.value, field.kind)}')}, {origin}"


def _write_circumstances(case: Case, entry: PolicyEntry) -> list[str]:
    """What else the case assumes: parameters of its own, and the day where the policy looks at the calendar."""
    kinds = {spec.name: spec.kind for spec in entry.policy.params}
    said = [
        f"{write_code(name)} set to {escape_inline(say_parameter(kinds[name], value))}"
        for name, value in case.params.items()
    ]
    if _reads_calendar(entry.policy):
        said.append(f"judged on {(case.at or DEFAULT_TIME).date().isoformat()}")
    said += [f"{write_code(path)} timed out" for path in case.timed_out]
    return ["", f"({'; '.join(said)})"] if said else []


def _reads_calendar(policy: Policy) -> bool:
    parts = (part for condition in (policy.when, policy.require) for part in walk(condition))
    return any(isinstance(part, Leaf) and isinstance(part.operand, Now) for part in parts)
