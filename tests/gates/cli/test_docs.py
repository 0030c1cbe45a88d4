from __future__ import annotations

import pytest

from tests.gates.cli.conftest import SET, write_policy

INDEX = "docs/policies/README.md"


@pytest.fixture(autouse=True)
def own(plant):
    return plant(
        {"policy.yaml": SET, "policies/own/a.yaml": write_policy("a", "require: {stage: pilot}\neffect: flag\n")}
    )


def test_pages_are_written_and_checked(call):
    result = call("docs --check")
    assert result.out.splitlines() == [f"{INDEX}: missing", "docs/policies/own/a.md: missing"]
    assert result.err == "2 pages not up to date\n  help: run `policy docs`\n"
    assert result.code == 1
    assert call("docs") == (0, "2 pages in docs/policies: 2 written\n", "")
    assert call("docs --check") == (0, "2 pages in docs/policies: up to date\n", "")
    assert call("docs") == (0, "2 pages in docs/policies: 0 written\n", "")


def test_stale_and_orphaned_pages_are_named(own, call, plant):
    call("docs --output pages")
    plant({"policies/own/b.yaml": write_policy("b", "require: {stage: pilot}\neffect: flag\n")})
    (own / "policies/own/a.yaml").unlink()
    result = call("docs --check -o pages")
    assert result.out.splitlines() == [
        "pages/own/b.md: missing",
        "pages/README.md: out of date",
        "pages/own/a.md: of no policy in force",
    ]
    assert result.err.endswith("help: run `policy docs --output pages`\n")
    assert result.code == 1
    assert (own / "pages/own/a.md").exists()
    assert call("docs -o pages").out == "2 pages in pages: 2 written, 1 removed\n"
    assert not (own / "pages/own/a.md").exists()


def test_pages_that_somebody_else_wrote(own, call, plant):
    plant({INDEX: "# Our rules\n"})
    for line in ("docs", "docs --check"):
        result = call(line)
        assert result.err.startswith(f"error: `{INDEX}` is not a page of ours\n  help: move it, or name another")
        assert result.code == 2
    assert (own / INDEX).read_text() == "# Our rules\n"


def test_no_policies_and_broken_ones(plant, call):
    plant({"policy.yaml": "policy_set: 1\npolicies: []\n"})
    assert call("docs").code == 3
    plant({"policy.yaml": SET, "policies/a.yaml": write_policy("a", "require: {stag: pilot}\neffect: flag\n")})
    result = call("docs")
    assert "unknown field `stag`" in result.err
    assert result.code == 2


def test_the_page_alone(own, call):
    call("docs")
    page = (own / "docs/policies/own/a.md").read_text()
    shown = call("explain a --output markdown")
    assert shown.out == page.replace("../../../policies", "policies")
    assert shown.code == 0


def test_the_page_speaks_of_no_project(call):
    result = call("explain a . -o markdown")
    assert result.err.startswith("error: the page of a policy speaks of no project\n")
    assert result.code == 2
    assert call("explain a -o html").err == "error: there is no format `html`\n  help: there are text, markdown\n"
