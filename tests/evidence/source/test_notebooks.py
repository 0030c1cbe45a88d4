from __future__ import annotations

import json

import pytest

from policy.evidence.source.notebooks import parse_notebook
from policy.evidence.source.python_parts import UnparsedError
from tests.evidence.source.conftest import make_notebook

SETUP = ["%%capture\n", "!pip install trl\n", "import os"]
IMPORT = ["from trl import SFTTrainer, SFTConfig\n"]
CALL = ["# é\n", "trainer = SFTTrainer(\n", "    model = model,\n", ")\n"]


def find(search, notebook):
    calls, faults = search(notebook, file="a.ipynb")
    assert faults == []
    return [(call.name, call.label, call.spot[:2]) for call in calls]


def test_cells_are_one_program_and_places_are_those_in_the_json(search):
    notebook = make_notebook(SETUP, IMPORT, CALL, ["trainer.train()"])
    ((name, label, (line, column)),) = find(search, notebook)
    assert (name, label) == ("trl.SFTTrainer", "cell 3")
    assert notebook.split("\n")[line - 1][column - 1 :].startswith("SFTTrainer(\\n")


@pytest.mark.parametrize("indent", [None, 1, 4])
@pytest.mark.parametrize("as_text", [False, True])
def test_the_place_is_right_however_the_json_is_written(search, indent, as_text):
    cells = [SETUP, IMPORT, ['x = "\\"é\\u2028\\\\n😀"; ' + CALL[1], *CALL[2:]]]
    notebook = make_notebook(*("".join(cell) if as_text else cell for cell in cells), indent=indent)
    for text in (notebook, json.dumps(json.loads(notebook), indent=indent), notebook.replace("\n", "\r\n")):
        ((_, _, (line, column)),) = find(search, text)
        assert text.replace("\r\n", "\n").split("\n")[line - 1][column - 1 :].startswith("SFTTrainer(")


def test_what_is_shown_or_told_is_no_code(search):
    cells = [
        {"cell_type": kind, "source": ["from trl import SFTTrainer\n", "SFTTrainer(x)"]} for kind in ("markdown", "raw")
    ]
    shown = {"cell_type": "code", "source": "1", "outputs": [{"text": ["from trl import SFTTrainer\nSFTTrainer(x)"]}]}
    assert find(search, json.dumps({"cells": [*cells, shown]})) == []


def test_cells_are_counted_with_their_text(search):
    cells = [{"cell_type": "markdown", "source": "a"}, {"cell_type": "code", "source": "import trl\ntrl.SFTTrainer(x)"}]
    ((_, label, _),) = find(search, json.dumps({"cells": cells}))
    assert label == "cell 2"


def test_notebooks_from_before_format_4_are_read(search):
    cells = [{"cell_type": "code", "input": ["import trl\n", "trl.SFTTrainer(x)"], "language": "python"}]
    assert find(search, json.dumps({"worksheets": [{"cells": cells}, {}], "nbformat": 3}))


@pytest.mark.parametrize(
    ("metadata", "found"),
    [
        ({"kernelspec": {"language": "python", "name": "python3"}}, True),
        ({"kernelspec": {"name": "python3"}}, True),
        ({"language_info": {"name": "Python"}}, True),
        ({"kernelspec": {"name": "my-environment"}}, True),
        ({"kernelspec": {"name": "my-environment"}, "language_info": {"name": "python"}}, True),
        ({"kernelspec": [], "language_info": None}, True),
        ({"kernelspec": {"language": "R", "name": "ir"}}, False),
        ({"language_info": {"name": "julia"}}, False),
    ],
)
def test_notebooks_in_other_languages_are_left_out(search, metadata, found):
    assert bool(find(search, make_notebook("import trl\ntrl.SFTTrainer(x)", **metadata))) == found


@pytest.mark.parametrize(
    ("text", "message", "place"),
    [
        ('{"cells": [}', "it is no JSON: Expecting value", (1, 12)),
        ('{"cells": ["a\nb"]}', "it is no JSON: Invalid control character at", (1, 14)),
        ("", "it is no JSON: Expecting value", (1, 1)),
        ("[]", "it is no notebook: its JSON is no object", (1, 1)),
        ("null", "it is no notebook: its JSON is no object", (1, 1)),
        ('{"cells": ' + "[" * 100_000, "it is nested too deeply", (1, 1)),
    ],
)
def test_what_is_no_notebook_is_refused(text, message, place):
    with pytest.raises(UnparsedError) as refusal:
        parse_notebook(text.encode())
    assert (refusal.value.message, (refusal.value.line, refusal.value.column)) == (message, place)


@pytest.mark.parametrize("data", [b"\xff\xfe{\0", b'{"a":\n "\xe9"}', b"\0\0\0"])
def test_what_is_no_text_is_refused(data):
    with pytest.raises(UnparsedError):
        parse_notebook(data)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_notebook_in_another_encoding_is_read(search, encoding):
    assert find(search, make_notebook("import trl\ntrl.SFTTrainer(x)").encode(encoding))


@pytest.mark.parametrize(
    "root",
    [
        {"cells": {}},
        {"cells": [None, 1, [], {}, {"cell_type": "code"}, {"cell_type": "code", "source": {"a": 1}}]},
        {"cells": [{"cell_type": "code", "source": [1, None, ["x"], "x = 1"]}]},
        {"worksheets": [None, {"cells": 1}]},
        {"metadata": {"kernelspec": {"language": 3}}},
        {},
    ],
)
def test_odd_notebooks_hold_nothing(root):
    parts, faults = parse_notebook(json.dumps(root).encode())
    assert [part.tree.body for part in parts if part.tree.body and root != {"cells": root.get("cells")}] == []
    assert faults == []


def test_a_broken_cell_is_told_where_it_matters_and_the_others_are_read(search):
    notebook = make_notebook("import trl", "x = = 1", "trl.SFTTrainer(x)\ny = = 2", "trl.DPOTrainer(x)")
    calls, faults = search(notebook, file="A.IPYNB")
    assert [call.name for call in calls] == ["trl.DPOTrainer"]
    ((fault),) = faults
    assert fault.message == "cell 3: invalid syntax"
    assert notebook.split("\n")[fault.line - 1][fault.column - 1 :].startswith('= 2"')


def test_a_cell_that_is_no_cell_anybody_wrote_is_not_parsed(search):
    source = "from trl import SFTTrainer\nSFTTrainer(x)\n"
    calls, (fault,) = search(make_notebook(source + "# x\n" * 400_000, source), file="a.ipynb")
    assert [call.label for call in calls] == ["cell 2"]
    assert fault.message == "cell 1: it has more than 1,048,576 characters"
