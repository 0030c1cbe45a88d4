"""A preview as JSON, `policy-preview/1`: the contract that other programs read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from policy.model.gates import EFFECTS, OUTCOMES, VERDICTS
from policy.reports.diff.document import side_document, write_lines
from policy.reports.json_report import problem_document, write_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policy.errors import Problem
    from policy.model.preview import Owner, PolicyPreview, Preview, Previewed, ProjectPreview, Standing
    from policy.reports.preview.view import PreviewContext

FORMAT: Final = "policy-preview/1"


class JsonPreview:
    """The form for programs."""

    name = "json"
    separator = ",\n"
    worst_first = False

    def start(self, context: PreviewContext) -> str:
        """What was asked, up to the first decision."""
        parts = {
            "format": FORMAT,
            "new": side_document(context.new),
            "ledger": {"id": context.ledger_id, "name": context.ledger},
            "since": context.since,
            "until": context.until,
            "gate": context.gate,
            "project": context.project,
            "judged_as_at": context.at,
            "time": context.time,
        }
        head = [f"{write_json(key)}: {write_json(value)}" for key, value in parts.items()]
        return "{" + ",\n ".join(head) + ',\n "decisions": [\n'

    def show(self, change: Previewed, context: PreviewContext) -> str:
        """One decision whose verdict changes."""
        return f"  {write_json(decision_document(change))}"

    def finish(self, preview: Preview, problems: Sequence[Problem], context: PreviewContext) -> str:
        """Projects, policies, what was not judged, and the counts."""
        lists = {
            "projects": map(project_document, preview.projects),
            "policies": map(policy_document, preview.policies),
            "not_judged": ({"why": why, "decisions": count} for why, count in preview.unjudged.items()),
            "warnings": map(problem_document, problems),
        }
        written = [f"{write_json(key)}: {write_lines(found)}" for key, found in lists.items()]
        written.append(f'"summary": {write_json(summary_document(preview))}')
        return "\n ],\n " + ",\n ".join(written) + "}\n"


def decision_document(found: Previewed) -> dict[str, Any]:
    """One recorded decision and its new verdict."""
    subject = found.subject
    return {
        "id": found.id,
        "entry": found.entry,
        "project": subject.project,
        "manifest": subject.manifest,
        "training_config": subject.training_config,
        "gate": found.gate,
        "time": found.time,
        "owner": owner_document(found.owner),
        "old": found.old,
        "new": found.new,
        "policies": list(found.policies),
    }


def owner_document(owner: Owner) -> dict[str, str | None]:
    """Who answers for a project; null where that is not recorded."""
    return {"team": owner.team or None, "contact": owner.contact or None}


def project_document(project: ProjectPreview) -> dict[str, Any]:
    """One project."""
    return {
        "project": project.project,
        "fate": project.fate,
        "owner": owner_document(project.owner),
        "subjects": [standing_document(standing) for standing in project.standings],
    }


def standing_document(standing: Standing) -> dict[str, Any]:
    """One subject at one gate."""
    policies = standing.policies
    return {
        "latest": decision_document(standing.latest),
        "decisions": standing.judged,
        "harder": standing.harder,
        "milder": standing.milder,
        "policies": None if policies is None else [found._asdict() for found in policies],
    }


def policy_document(policy: PolicyPreview) -> dict[str, Any]:
    """One policy of the new set."""
    tally = policy.decisions
    return {
        "policy": policy.policy,
        "title": policy.title,
        "mode": policy.mode,
        "from": policy.starts,
        "decisions": policy.judged,
        "outcomes": {word: tally.outcomes[word] for word in OUTCOMES},
        "effects": {word: tally.acts[word] for word in EFFECTS},
        "kept_back": {word: tally.kept[word] for word in EFFECTS},
        "newly": policy.newly,
        "projects": {"of": policy.projects, **policy.concerned},
        "owners": [{"owner": name or None, "projects": count} for name, count in policy.owners],
        "missing": [{"fact": name, "decisions": count} for name, count in policy.missing],
    }


def summary_document(preview: Preview) -> dict[str, Any]:
    """The counts."""
    counts = preview.counts
    return {
        "recorded": preview.recorded,
        "judged": counts.judged,
        "not_judged": sum(preview.unjudged.values()),
        "newly_blocked": counts.count_harder("block"),
        "newly_held": counts.count_harder("hold"),
        "newly_flagged": counts.count_harder("flag"),
        "freed": counts.freed,
        "unchanged": counts.unchanged,
        "with_exceptions": preview.excepted,
        "transitions": [
            {"old": old, "new": new, "decisions": counts.transitions[old, new]}
            for old in VERDICTS
            for new in VERDICTS
            if counts.transitions[old, new]
        ],
        "projects": {"of": sum(preview.fates.values()), **preview.fates},
    }
