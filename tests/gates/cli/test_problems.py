from __future__ import annotations

from policy.errors import Location, NothingToJudgeError, PolicyError, Problem
from policy.gates.cli.problems import format_problem, print_problems, relocate

PLACE = Location("a/x.yaml", 2, 4, 2, 6)


def show(file: str) -> str:
    return file


def test_a_problem_without_a_place():
    assert format_problem(Problem("it is wrong"), show) == "error: it is wrong"
    warning = Problem("it is odd", "mend it", level="warning")
    assert format_problem(warning, show) == "warning: it is odd\n  help: mend it"


def test_a_problem_with_everything(plant):
    plant({"a/x.yaml": "one\ntwo three\n"})
    problem = Problem("it is wrong", "mend it", PLACE, (("the other", Location("a/y.yaml", 7, 1)),))
    assert format_problem(problem, show).splitlines() == [
        "error: a/x.yaml:2:4: it is wrong",
        " 2 | two three",
        "   |    ^^",
        "  note: the other: a/y.yaml:7:1",
        "  help: mend it",
    ]


def test_only_files_that_are_there_and_are_files_are_quoted(plant):
    plant({"big/x.yaml": "a\n" * (1 << 20), "folder/x.yaml/y": ""})
    for file in ("gone/x.yaml", "folder/x.yaml", "big/x.yaml"):
        text = format_problem(Problem("it is wrong", "mend it", PLACE._replace(file=file)), show)
        assert text == f"error: {file}:2:4: it is wrong\n  help: mend it"


def test_a_file_as_a_whole_is_not_quoted(plant):
    plant({"a/x.yaml": "one\n"})
    assert format_problem(Problem("it is wrong", "", Location("a/x.yaml")), show) == "error: a/x.yaml:1:1: it is wrong"


def test_nothing_steers_the_terminal(plant):
    plant({"a/x.yaml": "one\n\x1b[31mtwo\u202e\n"})
    problem = Problem("it\x1b[2J is", "mend\a it", PLACE, (("the\nother", Location("y\r.yaml")),))
    text = format_problem(problem, show)
    assert all(line.isprintable() for line in text.split("\n"))
    assert len(text.split("\n")) == 5


def test_the_same_problem_is_said_once(capsys):
    print_problems([Problem("a"), Problem("b"), Problem("a")])
    assert capsys.readouterr().err == "error: a\nerror: b\n"


def test_files_are_named_as_from_the_working_folder(plant, monkeypatch):
    root = plant({"a/x.yaml": "", "deep/er/y": ""})
    monkeypatch.chdir(root / "deep/er")
    problem = Problem("it is wrong", "", PLACE, (("the other", PLACE),))
    elsewhere = Problem("it is wrong", "", Location("catalogue/x.yaml"))
    moved = relocate(PolicyError(problem, elsewhere, Problem("without a place")), str(root))
    assert [problem.location and problem.location.file for problem in moved.problems] == [
        "../../a/x.yaml",
        "catalogue/x.yaml",
        None,
    ]
    assert moved.problems[0].related[0][1].file == "../../a/x.yaml"
    assert moved.exit_code == 2


def test_the_exit_code_stays(plant):
    root = plant({})
    assert relocate(NothingToJudgeError(Problem("nothing")), str(root)).exit_code == 3


def test_no_password_of_an_address_is_shown(plant, capsys):
    plant({"a/x.yaml": "one\n- https://ada:s3cret@h/x\n"})
    said = "`https://ada:s3cret@h/x` is wrong"
    problem = Problem(said, "write https://ada@h/x, not https://ada:s3cret@h/x", PLACE)
    print_problems([problem, Problem("ask ada@example.com", location=Location("https:/ada:s3cret@h"))])
    assert capsys.readouterr().err.splitlines() == [
        "error: a/x.yaml:2:4: `https://***@h/x` is wrong",
        " 2 | - https://***@h/x",
        "   |    ^^",
        "  help: write https://ada@h/x, not https://***@h/x",
        "error: https:/***@h:1:1: ask ada@example.com",
    ]


def test_a_password_that_is_given_by_its_name_is_not_printed_either(capsys):
    said = "the ledger `host=db user=bob password=s3cret` cannot be reached"
    print_problems([Problem(said, "look at `host=db;password=s3cret`")])
    printed = capsys.readouterr()
    assert "s3cret" not in printed.out + printed.err
    assert "user=bob" in printed.out + printed.err
