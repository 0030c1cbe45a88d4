"""No value that was found leaves the scanner: the whole command, in every format and where it breaks."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from policy.evidence.scan.files import scan_file
from policy.evidence.scan.personal import PERSONAL_DATA
from policy.evidence.scan.secrets import SECRETS
from tests.evidence.scan.plants import PERSONAL
from tests.evidence.scan.plants import SECRETS as PLANTED

ROOT = Path(__file__).resolve().parents[3]
VALUES = [value for values in (*PLANTED.values(), *PERSONAL.values()) for value in values]
MANIFEST = """\
manifest: 1
project: leaky
approach: fine-tuning
data: {sources: [{path: train.jsonl, split: train}]}
"""
POLICIES = "policy_set: 1\nname: leaks\npolicies: [catalogue]\nplugins: [scanning]\n"
PLUGIN = """\
from policy import hookimpl
from policy.evidence.scan.collector import DataScan

@hookimpl
def collectors():
    return [DataScan()]
"""
# Each breaks where the value is at hand, and says it as loudly as it can.
BREAKS = {
    "a finder": """
from policy.evidence.scan import payment
def break_on(digits):
    return int(f"{digits}") or len(undefined)
payment.passes_luhn = break_on
""",
    "a form": """
from policy.evidence.scan import national_rules
national_rules.weigh = lambda digits, weights: {}[bytes(digit + 48 for digit in digits)]
""",
    "the place": """
from policy.evidence.scan.positions import LineCounter
def break_on(self, window, at):
    raise ValueError(window.data.decode())
LineCounter.locate = break_on
""",
    "the collector": """
def break_on(self, real):
    scan = collect(self, real)
    raise ValueError(repr(scan) + repr(self._cache) + repr(vars(self)))
collect, DataScan._scan_once = DataScan._scan_once, break_on
""",
}


@pytest.fixture
def check(tmp_path, tmp_path_factory):
    """Run `policy check` on planted data with the scan as a plugin; all that it wrote, and its exit code."""
    rows = "".join(f'{{"text": "so {value} it is"}}\n' for value in VALUES)
    (tmp_path / "train.jsonl").write_text(rows, encoding="utf-8")
    (tmp_path / "ml-manifest.yaml").write_text(MANIFEST)
    (tmp_path / "policy.yaml").write_text(POLICIES)

    site = tmp_path_factory.mktemp("site")

    def run(plugin: str, *arguments: str) -> tuple[int, str]:
        # What lies in the folder that is checked is no plugin.
        (site / "scanning.py").write_text(PLUGIN + plugin)
        path = f"{ROOT / 'src'}{os.pathsep}{site}"
        environment = {**os.environ, "PYTHONPATH": path, "POLICY_DEBUG": "1", "XDG_CACHE_HOME": str(tmp_path / "cache")}
        command = [sys.executable, "-m", "tunegate", "check", *arguments]
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False
        )
        kept = [path for path in tmp_path.rglob("*") if path.is_file() and path.suffix not in (".jsonl", ".pyc")]
        written = "".join(path.read_bytes().decode(errors="replace") for path in kept)
        return done.returncode, done.stdout + done.stderr + written

    return run


def assert_clean(text: str) -> None:
    for value in VALUES:
        assert value not in text
        # Pieces too: what stands behind a name, or in a group.
        pieces = [piece for piece in value.split() if len(piece) > 5 and any(map(str.isdigit, piece))]
        assert not any(piece in text for piece in pieces)


@pytest.mark.parametrize("form", ["text", "json"])
def test_reports_tell_kinds_numbers_and_places_only(form, check):
    code, written = check("", "--output", form)
    assert code == 1
    assert "train.jsonl" in written
    assert "github-token" in written
    assert "secrets-in-data" in written
    assert_clean(written)


@pytest.mark.parametrize("broken", sorted(BREAKS))
def test_what_breaks_tells_no_value(broken, check):
    _, written = check(BREAKS[broken])
    assert "the collector data scan failed" in written
    assert_clean(written)


def test_what_is_kept_of_a_file_shows_no_value(tmp_path):
    path = tmp_path / "data.txt"
    path.write_text("\n".join(VALUES), encoding="utf-8")
    scanned = scan_file(str(path), (SECRETS, PERSONAL_DATA))
    assert scanned.findings
    assert sum(findings.total for findings in scanned.findings.values()) == len(VALUES)
    assert_clean(repr(scanned))
