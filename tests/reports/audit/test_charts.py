"""The drawings: every column within the frame, its parts one upon the other."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from policy.reports.audit.charts import HEIGHT, draw_results, draw_verdicts
from policy.reports.html.charts import WIDTH

PART = re.compile(r'<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)" class="(\w+)">')


def draw(*steps):
    found = PART.findall(draw_verdicts([(str(day), Counter(counts)) for day, counts in enumerate(steps)], "day"))
    return [(*map(float, numbers), word) for *numbers, word in found if word != "line"]


@pytest.mark.parametrize("columns", [1, 2, 31, 400])
def test_every_part_is_within_the_frame(columns):
    parts = draw(*[{"block": day, "allow": 3, "flag": 1} for day in range(columns)])
    assert len(parts) == columns * 3 - 1
    for x, y, width, height, _ in parts:
        assert x >= 0
        assert x + width <= WIDTH
        assert y >= 0
        assert height > 0
        assert y + height <= HEIGHT


def test_parts_stand_upon_each_other_without_a_gap():
    parts = draw({"block": 1, "hold": 1, "flag": 1, "allow": 1})
    assert [word for *_, word in parts] == ["allow", "flag", "hold", "block"]
    tops = [y for _, y, _, _, _ in parts]
    bottoms = [y + height for _, y, _, height, _ in parts]
    assert bottoms[0] == HEIGHT
    assert bottoms[1:] == tops[:-1]
    assert tops[-1] == 0


def test_what_is_there_is_seen_however_few():
    parts = draw({"allow": 100_000, "block": 1})
    assert all(height >= 2 for _, _, _, height, _ in parts)


def test_nothing_is_drawn_of_nothing():
    assert draw_verdicts([], "day") == ""
    assert 'class="none"' in draw_results({})


def test_drawings_say_what_they_show():
    drawn = draw_verdicts([("2026-08", {"block": 2}), ("2026-09", {"allow": 1})], "month")
    assert "From 2026-08 to 2026-09, each column a month; the highest has 2 decisions." in drawn
    assert "Of 3 results: 1 pass, 2 fail." in draw_results({"pass": 1, "fail": 2})
