"""What the text, Markdown and JSON forms write of one comparison that has everything."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from pydantic import ValidationError

from policy.model.set_changes import SetChanges, VerdictCounts
from policy.reports.contract import json_schema
from policy.reports.diff.contract import DiffDocument
from policy.reports.diff.document import FORMAT, JsonDiff
from policy.reports.diff.markdown import MarkdownDiff
from policy.reports.diff.text import TextDiff
from policy.reports.diff.view import DiffContext
from policy.source.display import show_text
from tests.reports.diff.views import CHANGES, CONTEXT, PROBLEMS, UNJUDGED, VERDICTS, count
from tests.reports.forge import CALL, Page

# Written by hand from the contract's first edition: every later version must read it as it stands.
GOLDEN = Path(__file__).parents[2] / "golden" / "policy-diff-1.json"
Form = TextDiff | MarkdownDiff | JsonDiff


def write(form: Form, context: DiffContext = CONTEXT) -> str:
    """The whole report."""
    parts = form.separator.join(form.show(change, context) for change in VERDICTS)
    return form.start(CHANGES, context) + parts + form.finish(count(), UNJUDGED, PROBLEMS, context)


def write_nothing(form: Form) -> str:
    """The report of two sets that are the same, where there is nothing to judge."""
    return form.start(SetChanges(known=1), CONTEXT) + form.finish(VerdictCounts(), [], (), CONTEXT)


@pytest.mark.parametrize(("form", "name"), [(TextDiff(), "text.txt"), (MarkdownDiff(), "markdown.md")])
def test_everything_in_words(form, name, snapshot):
    snapshot(f"diff/{name}", write(form, CONTEXT._replace(evidence_differs=True, other_gates=("commit",))))


def test_text_in_colour_is_the_same_text():
    coloured = write(TextDiff(), CONTEXT._replace(colour=True))
    assert "\x1b[1;31m" in coloured
    plain = coloured
    for style in ("\x1b[1m", "\x1b[2m", "\x1b[1;31m", "\x1b[32m", "\x1b[1;33m", "\x1b[1;34m", "\x1b[0m"):
        plain = plain.replace(style, "")
    assert plain == write(TextDiff())


def test_nothing_in_words():
    assert write_nothing(TextDiff()).endswith("\nno change of meaning\n\nno project to judge below here\n")
    assert "**no change of meaning**" in write_nothing(MarkdownDiff())
    assert "No subject gets another verdict." in write_nothing(MarkdownDiff())


def test_no_line_is_wider_than_a_terminal():
    assert max(map(len, write(TextDiff()).splitlines())) <= 100


def test_what_a_policy_or_project_is_called_is_no_markup():
    hostile = "a\x1b[31m<b>*x* @me ##[group] `c`\n# h"
    (verdict, _) = VERDICTS
    named = verdict._replace(subject=verdict.subject._replace(project=hostile))
    policies = tuple(policy._replace(title=hostile) for policy in CHANGES.policies)
    for form in (TextDiff(), MarkdownDiff(), JsonDiff()):
        text = form.start(CHANGES._replace(policies=policies), CONTEXT) + form.show(named, CONTEXT)
        assert "\x1b" not in text
        assert "##[" not in text
        assert "\n# h" not in text
    text = MarkdownDiff().start(CHANGES._replace(policies=policies), CONTEXT) + MarkdownDiff().show(named, CONTEXT)
    page = Page(text)
    assert not {"b", "em", "a"} & set(page.tags)
    assert not CALL.search(page.text)
    assert show_text("\x1b") in page.text


# JSON


def make_document() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(write(JsonDiff()))
    return document


def make_empty() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(write_nothing(JsonDiff()))
    return document


def read_golden() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(GOLDEN.read_bytes())
    return document


@pytest.mark.parametrize("make", [make_document, make_empty, read_golden])
def test_documents_meet_the_models_and_the_schema(make):
    document = make()
    assert document["format"] == FORMAT
    DiffDocument.model_validate(document)
    schema = json_schema(DiffDocument)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(document)


@pytest.mark.parametrize("key", ["format", "old", "policies", "summary", "not_judged"])
def test_every_key_is_always_there(key):
    document = make_document()
    del document[key]
    with pytest.raises(ValidationError):
        DiffDocument.model_validate(document)


def test_the_counts_and_what_they_are_of():
    document = make_document()
    assert document["policy_counts"] == {"of": 53, "added": 0, "removed": 1, "changed": 2, "wording_only": 1}
    summary = document["summary"]
    assert summary["judged"] == 5
    assert summary["newly_blocked"] + summary["newly_held"] + summary["newly_flagged"] == 1
    assert (summary["freed"], summary["unchanged"], summary["unchanged_by_other_outcomes"]) == (1, 3, 1)
    assert sum(found["subjects"] for found in summary["transitions"]) == 5
    assert summary["not_judged"] == len(document["not_judged"]) == 2
    assert [len(document[key]) for key in ("errors", "warnings", "subjects")] == [1, 1, 2]


def test_every_change_has_its_keys():
    (first, *_) = make_document()["policies"]
    assert first["changes"][1] == {
        "key": "effect",
        "old": None,
        "new": "block",
        "direction": "stricter",
        "gates": ["ci", "release"],
        "lines": [],
        "old_at": None,
        "new_at": {"file": "policy.yaml", "line": 7, "column": 2, "end_line": 7, "end_column": 8},
    }
