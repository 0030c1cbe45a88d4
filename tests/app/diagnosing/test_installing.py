from __future__ import annotations

from policy.app.diagnosing.findings import ERROR, OK
from policy.app.diagnosing.installing import find_clashes


def list_levels(findings, what):
    return [finding.level for finding in findings if finding.what == what]


def test_a_file_of_the_packages_name_is_an_error(tmp_path, monkeypatch):
    assert list_levels(find_clashes(str(tmp_path)), "names") == [OK]
    other = tmp_path / "other"
    other.mkdir()
    (other / "policy.py").touch()
    monkeypatch.setenv("PYTHONPATH", str(other))
    (found,) = find_clashes(str(tmp_path))
    assert (found.level, str(other) in found.message) == (ERROR, True)


def test_the_package_itself_is_no_clash(monkeypatch):
    import os

    import policy

    monkeypatch.delenv("PYTHONPATH", raising=False)
    source = os.path.dirname(os.path.dirname(policy.__file__))
    assert list_levels(find_clashes(source), "names") == [OK]
