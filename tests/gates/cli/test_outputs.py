from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from policy.errors import PolicyError
from policy.gates.cli import spool
from policy.gates.cli.outputs import Output
from policy.gates.cli.targets import Target, parse_targets, refuse_inputs, refuse_links
from policy.model.summary import Summary
from policy.reports.builtin import reporters
from policy.reports.text import TextReporter
from tests.reports.scenarios import block


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


# Formats that see their parts together


class Capped(Lines):
    """A format that has room for three decisions."""

    def __init__(self) -> None:
        super().__init__(worst_first=True)

    def compose(self, head: str, decisions: Iterator[str], tail: str) -> Iterator[str]:
        yield tail + head
        shown = [text for _, text in zip(range(3), decisions, strict=False)]
        yield from (*shown, f"and {sum(1 for _ in decisions)} more\n")


def test_a_format_may_see_its_parts_together_worst_first(tmp_path, capsys):
    write(tmp_path / "x", Capped(), DECISIONS)
    assert (tmp_path / "x").read_text() == ">\n<\nb\nd\ne\nand 3 more\n"
    write(None, Capped(), [])
    assert capsys.readouterr().out == ">\n<\nand 0 more\n"


@pytest.mark.parametrize("in_memory", [1 << 20, 10])
def test_each_text_comes_back_as_it_was_added(in_memory, monkeypatch):
    monkeypatch.setattr(spool, "IN_MEMORY", in_memory)
    texts = ["", "a\r\nb", "\u00e9\N{GRINNING FACE}", "", "long " * 20, "\x00\x1e", ""]
    waiting = spool.Spool()
    for text in texts:
        waiting.add(text)
    assert list(waiting.read()) == texts
    waiting.close()


@pytest.mark.parametrize("name", sorted(reporters()))
def test_thousands_of_projects_take_no_more_memory_than_a_few(name, tmp_path):
    reporter, scenario = reporters()[name](), block()
    context, summary = scenario.context(), Summary()

    text = reporter.report_decision(scenario.decision, context)
    for _ in range(5000):
        summary.count(scenario.decision)

    tracemalloc.start()
    out = Output(Target(name, str(tmp_path / name)), reporter)
    out.start(reporter.start(context))
    for _ in range(5000):
        # A text of its own each time: one that is kept is one more.
        out.add("block", text[:-1] + text[-1:])
    out.finish(reporter.finish(summary, (), context))
    out.discard()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # What waits is kept in memory up to a megabyte, and written from there.
    assert peak < 5 << 20


# What cannot be written


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no device that is always full")
@pytest.mark.parametrize("size", [10, 1 << 20])
def test_a_full_disk_is_said(size):
    out = Output(Target("lines", "/dev/full"), Lines(worst_first=False))
    with pytest.raises(PolicyError, match="cannot be written to `/dev/full`: No space left"):
        write_all(out, "x" * size)
    out.discard()


def write_all(out: Output, text: str) -> None:
    out.start(text)
    out.finish("")


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("folder", "`folder` is a folder, not a file"),
        ("folder/", "is a folder"),
        ("missing/report", "No such file or directory"),
        ("file/report", "Not a directory"),
        ("n" * 300, "File name too long"),
    ],
)
def test_a_path_that_cannot_be_written_is_refused_when_it_is_opened(path, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(PolicyError, match=said) as caught:
        Output(Target("lines", path), Lines(worst_first=False))
    assert caught.value.problems[0].remedy
    assert sorted(file.name for file in tmp_path.iterdir()) == ["file", "folder"]


def test_two_jobs_that_write_one_report_leave_one_of_them_whole(tmp_path):
    outs = [Output(Target("lines", str(tmp_path / "x")), Lines(worst_first=False)) for _ in range(2)]
    for out, letter in zip(outs, "ab", strict=True):
        out.start(letter * 100_000)
    for out, letter in zip(outs, "ab", strict=True):
        out.finish(letter)
        assert (tmp_path / "x").read_text() == letter * 100_001
        out.discard()
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_a_link_stays_a_link_and_leads_to_the_new_report(tmp_path):
    (tmp_path / "real").write_text("old")
    (tmp_path / "x").symlink_to("real")
    write_all(Output(Target("lines", str(tmp_path / "x")), Lines(worst_first=False)), "new")
    assert (tmp_path / "x").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


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


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A repository beside other folders, with links to all of them."""
    root = tmp_path / "repository"
    for folder in (root / ".git", root / "reports", tmp_path / "outside"):
        folder.mkdir(parents=True)
    (root / "out").symlink_to("../outside")
    (root / "secret").symlink_to(tmp_path / "outside" / "secret")
    (root / "hidden").symlink_to(".git/config")
    (root / "reports" / "latest").symlink_to("first")
    (root / "chain").symlink_to("secret")
    (tmp_path / "entrance").symlink_to("repository")
    monkeypatch.chdir(root)
    return root


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("secret", "out of the repository"),
        ("chain", "out of the repository"),
        ("out/report", "out of the repository"),
        ("out/missing/report", "out of the repository"),
        ("reports/../out/report", "out of the repository"),
        ("../entrance/secret", "out of the repository"),
        ("hidden", "into git's own folder"),
    ],
)
def test_no_link_of_a_repository_leads_a_report_out_of_it(path, said, repository):
    with pytest.raises(PolicyError, match=f"`{path}` leads {said} through a link") as caught:
        refuse_links([Target("text", None), Target("json", path)], str(repository))
    assert caught.value.problems[0].remedy == "remove the link, or name the place itself"


@pytest.mark.parametrize(
    "path",
    ["report", "reports/latest", "../outside/report", "../entrance/report", ".git/report", "/dev/stdout", "../outside"],
)
def test_other_places_are_the_choice_of_whoever_runs_it(path, repository):
    refuse_links([Target("json", path)], str(repository))
    refuse_links([Target("json", path)], "../entrance")
