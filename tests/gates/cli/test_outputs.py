from __future__ import annotations

from pathlib import Path

import pytest

from policy.errors import PolicyError
from policy.gates.cli import spool
from policy.gates.cli.outputs import Output
from policy.gates.cli.targets import Target, parse_targets, refuse_inputs
from policy.reports.text import TextReporter


class Lines(TextReporter):
    """A format, of which outputs need to know two things."""

    def __init__(self, *, worst_first: bool, separator: str = "--\n") -> None:
        self.worst_first = worst_first
        self.separator = separator


DECISIONS = [("allow", "a\n"), ("block", "b\n"), ("flag", "c\n"), ("block", "d\n"), ("hold", "e\n"), ("allow", "f\n")]


def write(path: Path | None, reporter: Lines, decisions: list[tuple[str, str]]) -> None:
    out = Output(Target("lines", str(path) if path else None), reporter)
    out.start("<\n")
    for verdict, text in decisions:
        out.add(verdict, text)
    out.finish(">\n")
    out.discard()


@pytest.mark.parametrize(("worst_first", "order"), [(False, "abcdef"), (True, "bdecaf")])
@pytest.mark.parametrize("decisions", [DECISIONS, DECISIONS[:1], []])
def test_decisions_in_their_order_with_separators_between(worst_first, order, decisions, tmp_path, capsys):
    texts = [f"{letter}\n" for letter in order if any(text == f"{letter}\n" for _, text in decisions)]
    wanted = "<\n" + "--\n".join(texts) + ">\n"
    write(tmp_path / "x", Lines(worst_first=worst_first), decisions)
    assert (tmp_path / "x").read_text() == wanted
    write(None, Lines(worst_first=worst_first), decisions)
    assert capsys.readouterr().out == wanted


def test_many_decisions_wait_in_temporary_files(tmp_path, monkeypatch):
    monkeypatch.setattr(spool, "IN_MEMORY", 1000)
    many = [(("block", "allow")[number % 2], f"{number} \u00e9\n") for number in range(2000)]
    write(tmp_path / "x", Lines(worst_first=True, separator=""), many)
    numbers = [int(line.split()[0]) for line in (tmp_path / "x").read_text(encoding="utf-8").splitlines()[1:-1]]
    assert numbers == [*range(0, 2000, 2), *range(1, 2000, 2)]


def test_a_file_appears_when_it_is_whole(tmp_path):
    (tmp_path / "x").write_text("old")
    out = Output(Target("lines", str(tmp_path / "x")), Lines(worst_first=False))
    out.start("new")
    assert (tmp_path / "x").read_text() == "old"
    out.finish("!")
    assert (tmp_path / "x").read_text() == "new!"
    out.discard()
    assert (tmp_path / "x").read_text() == "new!"
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_what_is_given_up_leaves_nothing_behind(tmp_path):
    out = Output(Target("lines", str(tmp_path / "x")), Lines(worst_first=True))
    out.start("new")
    out.add("block", "b")
    out.discard()
    assert list(tmp_path.iterdir()) == []


def test_line_ends_and_names_are_written_as_they_are(tmp_path):
    write(tmp_path / "x", Lines(worst_first=True), [("allow", "a\r\nw\udcff\n")])
    assert (tmp_path / "x").read_bytes() == b"<\na\r\nw\\udcff\n>\n"


def test_a_temporary_folder_that_is_full_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    monkeypatch.setattr(spool, "IN_MEMORY", 10)
    out = Output(Target("lines", None), Lines(worst_first=True))
    with pytest.raises(PolicyError, match="cannot be kept in a temporary file: No such file") as caught:
        out.add("block", "more than ten characters")
    out.discard()
    assert "TMPDIR" in caught.value.problems[0].remedy


# Targets


def test_formats_and_places():
    assert parse_targets(()) == [Target("text", None)]
    values = ("json=a.json", "text", "sarif=b=c.sarif")
    assert parse_targets(values) == [Target("json", "a.json"), Target("text", None), Target("sarif", "b=c.sarif")]


@pytest.mark.parametrize("values", [("json", "text"), ("json=a", "text=a"), ("json=a", "text=./a"), ("json=",)])
def test_places_that_clash_or_lack(values):
    with pytest.raises(PolicyError):
        parse_targets(values)


def test_inputs_are_kept(tmp_path):
    (tmp_path / "link").symlink_to("kept.yaml")
    for name in ("kept.yaml", "./kept.yaml", "link"):
        with pytest.raises(PolicyError, match="would overwrite"):
            refuse_inputs([Target("json", f"{tmp_path}/{name}")], [f"{tmp_path}/kept.yaml"])
    refuse_inputs([Target("json", f"{tmp_path}/other.json"), Target("text", None)], [f"{tmp_path}/kept.yaml"])
