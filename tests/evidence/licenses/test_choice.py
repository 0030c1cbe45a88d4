"""Which of several statements is told."""

from __future__ import annotations

import pytest

from policy.errors import Location
from policy.evidence.licenses.choice import choose_statements, explain_silence, spell
from policy.evidence.licenses.statements import make_statement


def state(*names, file="README.md"):
    written = [(name, Location(file, line)) for line, name in enumerate(names, 1)]
    return make_statement(file, "dataset card", "", "dataset", written, [])


@pytest.mark.parametrize(
    ("statements", "chosen"),
    [
        ([["mit"]], ["mit"]),
        ([["mit"], ["MIT License"]], ["mit"]),
        ([["mit"], ["unknown"]], ["mit"]),
        ([["unknown"], ["mit"]], ["mit"]),
        ([["gpl-3.0"], ["GPL-3.0-only"]], ["GPL-3.0-only"]),
        ([["GPL-3.0-only"], ["gpl-3.0"]], ["GPL-3.0-only"]),
        ([["mit"], ["isc"]], ["mit", "isc"]),
        ([["mit"], ["isc"], ["ISC"]], ["mit", "isc"]),
        # Where one names several, another that names one does not settle it.
        ([["mit", "isc"], ["mit"]], []),
        ([["unknown"]], []),
        ([], []),
    ],
)
def test_one_for_each_that_they_differ_in(statements, chosen):
    assert [one.license for one in choose_statements(state(*names) for names in statements)] == chosen


@pytest.mark.parametrize(
    ("stated", "declared", "told"),
    [
        ("mit", None, "mit"),
        ("mit", "unknown", "mit"),
        ("apache-2.0", "Apache-2.0", "apache-2.0"),
        ("mit", "MIT License", "MIT License"),
        ("odbl", "ODbL-1.0", "ODbL-1.0"),
        ("Apache-2.0 OR MIT", "mit or apache-2.0", "mit or apache-2.0"),
        # A card that is more exact proves the plain name; a plain card does not prove the exact one.
        ("GPL-3.0-only", "gpl-3.0", "gpl-3.0"),
        ("gpl-3.0", "GPL-3.0-or-later", None),
        ("gpl-3.0-only", "GPL-3.0-or-later", "gpl-3.0-only"),
        ("cc-by-nc-4.0", "apache-2.0", "cc-by-nc-4.0"),
    ],
)
def test_one_licence_is_written_as_the_manifest_writes_it(stated, declared, told):
    assert spell(stated, declared) == told


@pytest.mark.parametrize(
    ("statements", "declared", "message"),
    [
        ([["mit", "isc", "other"]], None, "`README.md` names several licences: `mit`, `isc`, `other`"),
        ([["mit", "isc"]], "apache-2.0", "`README.md` names several licences: `mit`, `isc`"),
        ([["mit", "isc"]], "MIT", None),
        ([["mit", "isc"]], "MIT OR ISC", None),
        ([["mit", "isc"]], "MIT AND 0BSD", "`README.md` names several licences: `mit`, `isc`"),
        ([["unknown"]], None, "`README.md` says `unknown` where a licence is asked for"),
        ([["x" * 300]], None, "`README.md` names no licence"),
        ([["unknown"]], "mit", None),
        ([["unknown"], ["mit"]], None, None),
        ([["mit"]], None, None),
        ([[]], None, None),
        ([], None, None),
    ],
)
def test_why_none_is_told(statements, declared, message):
    problem = explain_silence([state(*names) for names in statements], declared)
    assert (problem and problem.message) == message
    assert problem is None or (problem.level, problem.location) == ("warning", Location("README.md", 1))
