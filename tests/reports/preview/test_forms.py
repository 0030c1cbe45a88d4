"""What the text, Markdown and JSON forms write of a preview that has everything, and of one that has nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from pydantic import ValidationError

from policy.model.preview import Owner
from policy.model.set_changes import Responsible
from policy.reports.contract import json_schema
from policy.reports.preview.contract import PreviewDocument
from policy.reports.preview.document import FORMAT, JsonPreview
from policy.reports.preview.markdown import MarkdownPreview
from policy.reports.preview.text import TextPreview
from policy.source.display import show_text
from tests.reports.forge import CALL, Page
from tests.reports.preview.views import CHANGES, CONTEXT, EMPTY, POLICIES, PREVIEW, PROBLEMS, PROJECTS

# From the contract's first edition: every later version must read it as it stands.
GOLDEN = Path(__file__).parents[2] / "golden" / "policy-preview-1.json"
FORMS = (TextPreview(), MarkdownPreview(), JsonPreview())
HOSTILE = "a\x1b[31m\u202e<b>*x* @me ##[group] `c`\n# h ::error::"


def write(form, preview=PREVIEW, context=CONTEXT, changes=CHANGES):
    """The whole report."""
    shown = form.separator.join(form.show(change, context) for change in changes)
    return form.start(context) + shown + form.finish(preview, PROBLEMS, context)


@pytest.mark.parametrize(("form", "name"), [(TextPreview(), "text.txt"), (MarkdownPreview(), "markdown.md")])
def test_everything_in_words(form, name, snapshot):
    snapshot(f"preview/{name}", write(form))


def test_what_was_asked_is_said():
    context = CONTEXT._replace(gate="release", project="search-*", at="2027-01-02T00:00:00Z")
    start = " ".join(TextPreview().start(context).split())
    assert "decisions about search-* at the gate release from 2026-08-22T12:00:00Z" in start
    assert start.endswith("to 2026-11-20T12:00:01Z, all as at 2027-01-02T00:00:00Z")
    # The day has come on which the policy acts in full.
    assert "only later" not in write(TextPreview(), context=context)
    assert "--effective-time 2027-01-01" in write(TextPreview())


def test_promotion_is_told_with_its_number_and_owners():
    lines = " ".join(write(TextPreview()).split())
    assert (
        "few-examples: would have blocked 12 of 340 decisions, a harder verdict for 10, 3 of 40 projects, "
        "owned by search-ml (2) and an owner that is not recorded (1)" in lines
    )
    assert (
        "new-one (observe, from 2027-01-01): if enforced would have blocked 33 of 340 decisions, "
        "if enforced would have held 6 of 340 decisions, would have flagged 1 of 340 decisions" in lines
    )
    assert "past: would have held 2 of 340 decisions, 0 of 40 projects" in lines


def test_nothing_in_words():
    for form in (TextPreview(), MarkdownPreview()):
        text = write(form, EMPTY, changes=())
        assert "0 of 0 recorded decisions judged again: 0 newly blocked" in text
        assert "by policy" not in text.lower()


def test_text_in_colour_is_the_same_text():
    coloured = write(TextPreview(), context=CONTEXT._replace(colour=True))
    assert "\x1b[1;31m" in coloured
    for style in ("\x1b[1m", "\x1b[1;31m", "\x1b[32m", "\x1b[1;33m", "\x1b[0m"):
        coloured = coloured.replace(style, "")
    assert coloured == write(TextPreview())


def test_no_line_is_wider_than_a_terminal_but_for_digests():
    assert max(len(line) for line in write(TextPreview()).splitlines() if "sha256:" not in line) <= 100


def make_hostile():
    change = CHANGES[1]._replace(owner=Owner(HOSTILE, HOSTILE))
    change = change._replace(subject=change.subject._replace(project=HOSTILE, training_config=HOSTILE))
    (first, *rest) = PROJECTS
    standing = first.standings[0]._replace(latest=change, policies=(Responsible(HOSTILE, HOSTILE, "fail"),))
    project = first._replace(project=HOSTILE, owner=Owner(HOSTILE, HOSTILE), standings=(standing,))
    policy = POLICIES[0]._replace(owners=((HOSTILE, 1),), missing=((HOSTILE, 1),), title=HOSTILE)
    found = PREVIEW._replace(projects=(project, *rest), policies=(policy,), unjudged={HOSTILE: 1})
    return found, CONTEXT._replace(ledger=HOSTILE, project=HOSTILE), (change,)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_what_is_recorded_is_no_markup_and_steers_nothing(form):
    text = write(form, *make_hostile())
    for steering in ("\x1b", "\u202e", "##[", "\n# h", "\n::error"):
        assert steering not in text


def test_markdown_of_hostile_texts_calls_nobody():
    page = Page(write(MarkdownPreview(), *make_hostile()))
    assert not {"b", "em", "a"} & set(page.tags)
    assert not CALL.search(page.text)
    assert show_text("\x1b") in page.text


# JSON


def make_document(preview: Any = PREVIEW, changes: Any = CHANGES) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(write(JsonPreview(), preview, changes=changes))
    return document


def make_empty() -> dict[str, Any]:
    return make_document(EMPTY, ())


def read_golden() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(GOLDEN.read_bytes())
    return document


@pytest.mark.parametrize("make", [make_document, make_empty, read_golden])
def test_documents_meet_the_models_and_the_schema(make):
    document = make()
    assert document["format"] == FORMAT
    PreviewDocument.model_validate(document)
    schema = json_schema(PreviewDocument)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(document)


@pytest.mark.parametrize("key", ["format", "new", "decisions", "projects", "policies", "not_judged", "summary"])
def test_every_key_is_always_there(key):
    document = make_document()
    del document[key]
    with pytest.raises(ValidationError):
        PreviewDocument.model_validate(document)


def test_the_counts_and_what_they_are_of():
    document = make_document()
    summary = document["summary"]
    assert (summary["recorded"], summary["judged"], summary["not_judged"]) == (1243, 1240, 3)
    assert (summary["newly_blocked"], summary["newly_held"], summary["freed"]) == (10, 1, 901)
    assert summary["projects"]["of"] == 40
    assert [change["entry"] for change in document["decisions"]] == [20, 19, 18, 17, 3]
    assert document["projects"][0]["subjects"][1]["policies"] is None
    policy = document["policies"][1]
    assert (policy["from"], policy["kept_back"]["block"], policy["effects"]["flag"]) == ("2027-01-01", 33, 1)
    assert document["policies"][0]["owners"] == [{"owner": "search-ml", "projects": 2}, {"owner": None, "projects": 1}]
    assert document["decisions"][2]["owner"] == {"team": None, "contact": None}
