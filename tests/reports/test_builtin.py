"""The formats that ship with the package."""

from __future__ import annotations

import re

import pytest

from policy.gates.cli.check import command
from policy.reports.builtin import reporters


@pytest.mark.parametrize("name", reporters())
def test_a_format_goes_by_its_name(name):
    assert reporters()[name]().name == name


def test_the_help_names_every_format():
    (option,) = (parameter for parameter in command.params if parameter.name == "outputs")
    found = re.search(r"\((.*?)\)", getattr(option, "help", ""))
    assert found is not None
    assert sorted(found[1].split(", ")) == sorted(reporters())
