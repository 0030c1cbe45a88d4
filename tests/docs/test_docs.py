"""The generated pages are what the code says now."""

from __future__ import annotations

import re
from pathlib import Path

from policy.gates.cli.main import COMMANDS
from policy.model.fields import FIELDS, SCHEMA
from policy.model.kinds import NUMBER, RecordsKind
from policy.model.schema import Field
from tests.docs.cli_reference import WIDTH, write_cli_reference
from tests.docs.field_reference import describe, write_field_reference

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_fact_reference(generated):
    generated(Path("docs/facts.md"), write_field_reference())


def test_command_reference(generated):
    generated(Path("docs/cli.md"), write_cli_reference())


def test_every_field_has_its_row():
    rows = re.findall(r"^\| `([^`]+)`", write_field_reference(), re.MULTILINE)
    members = [inner.path for field in FIELDS if isinstance(field.kind, RecordsKind) for inner in field.kind.fields]
    assert sorted(rows) == sorted([*SCHEMA.fields, *members])


def test_no_cell_breaks_its_table():
    tables = re.findall(r"(?:^\|.*\n)+", write_field_reference(), re.MULTILINE)
    assert len(tables) > 10
    assert all(len({line.count("|") for line in table.splitlines()}) == 1 for table in tables)


def test_a_tolerance_is_said_in_per_cent():
    field = Field("a.b", NUMBER, "a number", ("runs",), agree="within:0.05")
    assert describe(field)[-2:] == ("must agree", "within 5 %")


def test_what_only_evidence_tells_agrees_with_nothing():
    assert describe(SCHEMA.fields["provider.available"])[3:] == ("dated tables", "must agree", "")
    assert describe(SCHEMA.fields["approval.by"])[3:] == ("derived", "", "")
    assert describe(SCHEMA.fields["retrieval.planned"])[3] == "derived, manifest"


def test_the_terminal_does_not_change_the_command_reference(monkeypatch):
    page = write_cli_reference()
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("TERMINAL_WIDTH", "40")
    assert write_cli_reference() == page
    assert max(map(len, page.splitlines())) <= WIDTH
    assert [line for line in page.splitlines() if line.startswith("## ")] == [
        "## policy",
        *(f"## policy {name}" for name in sorted(COMMANDS)),
    ]


def test_what_the_fact_reference_links_to_exists():
    headings = re.findall(r"^#+ (.+)$", (DOCS / "language.md").read_text(encoding="utf-8"), re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings}
    assert set(re.findall(r"language\.md#([\w-]+)", write_field_reference())) <= anchors
