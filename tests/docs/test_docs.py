"""The generated pages are what the code says now."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

import pytest

from policy.app.documentation import INDEX, apply_changes, compare_pages
from policy.gates.cli.main import COMMANDS
from policy.model.fields import FIELDS, SCHEMA
from policy.model.kinds import NUMBER, RecordsKind
from policy.model.schema import Field
from tests.docs.cli_reference import WIDTH, write_cli_reference
from tests.docs.field_reference import describe, write_field_reference
from tests.docs.policy_pages import FOLDER, write_policy_pages

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_fact_reference(generated):
    generated(Path("docs/facts.md"), write_field_reference())


def test_command_reference(generated):
    generated(Path("docs/cli.md"), write_cli_reference())


def test_policy_pages(generated, request):
    pages = write_policy_pages()
    for place, text in pages.items():
        generated(FOLDER / place, text)
    orphaned = compare_pages(pages, str(FOLDER))
    if request.config.getoption("--refresh"):
        apply_changes(pages, orphaned, str(FOLDER))
    else:
        assert orphaned.orphaned == (), "pages of no policy: run `pytest --refresh`"


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


LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")


@pytest.fixture(scope="module")
def pages():
    return write_policy_pages()


def test_every_link_of_the_policy_pages_leads_to_a_page_or_a_policy(pages):
    links = [(place, target) for place, text in pages.items() for target in LINK.findall(text)]
    assert len(links) > 5 * len(pages)
    for place, target in links:
        path, _, anchor = target.partition("#")
        found = posixpath.normpath(posixpath.join(posixpath.dirname(place), path))
        assert not path or found in pages or (FOLDER / found).is_file(), (place, target)
        assert not anchor or f"## {anchor.replace('-', ' ').capitalize()}\n" in pages[place], (place, target)


def test_the_index_leads_to_every_page_by_area_and_by_gate(pages):
    areas, rest = pages[INDEX].split("## By framework")
    gates = rest.split("## By gate")[1]
    for place in pages.keys() - {INDEX}:
        assert areas.count(f"({place})") == 1, place
        assert gates.count(f"({place})") == 5, place


def test_every_file_of_the_documentation_is_in_its_index():
    index = (DOCS / "README.md").read_text(encoding="utf-8")
    linked = {(DOCS / target.partition("#")[0]).resolve() for target in LINK.findall(index)}
    pages = {FOLDER / place for place in write_policy_pages()} - {FOLDER / INDEX}
    files = {path for path in DOCS.rglob("*.md") if path not in pages} - {DOCS / "README.md"}
    assert sorted(files - linked) == [], "name the page in docs/README.md"
    assert [path for path in linked if not path.exists()] == []
