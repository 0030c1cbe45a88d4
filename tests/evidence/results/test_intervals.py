from __future__ import annotations

from math import isclose, sqrt
from random import Random
from statistics import fmean, stdev

import pytest

from policy.evidence.results import intervals
from policy.evidence.results.intervals import resample_pairs, subtract_errors


def test_errors_of_both_results_count():
    assert isclose(subtract_errors(0.15, 0.03, 0.04), 0.15 - 1.959963984540054 * 0.05)
    assert subtract_errors(0.15, 0.0, 0.0) == 0.15


@pytest.mark.parametrize("count", [10, 60, 1000])
def test_the_bootstrap_is_near_the_normal_interval_and_always_the_same(count):
    draw = Random(count)
    differences = [draw.choice((-1.0, 0.0, 0.0, 1.0, 1.0)) for _ in range(count)]
    low = resample_pairs(differences)
    assert low is not None
    normal = fmean(differences) - 1.96 * stdev(differences) / sqrt(count)
    assert low == resample_pairs(differences.copy())
    assert abs(low - normal) < 0.3 * stdev(differences) / sqrt(count) + 1 / count


def test_many_pairs_have_the_normal_interval():
    differences = [1.0, 0.0, 0.0, -0.5] * 500
    normal = fmean(differences) - intervals.Z_95 * stdev(differences) / sqrt(2000)
    assert resample_pairs(differences) == pytest.approx(normal, rel=1e-12)


def test_pairs_that_all_agree_leave_nothing_uncertain():
    assert resample_pairs([0.25] * 20) == 0.25


@pytest.mark.parametrize("count", [0, 1, 9])
def test_few_pairs_tell_nothing(count):
    assert resample_pairs([1.0] * count) is None


def test_the_end_does_not_hang_on_the_version_of_python():
    # Written down once: the record of a decision holds it.
    differences = [0.1, 0.2, -0.3, 0.7, 0.0, 0.4, -0.1, 0.9, 0.3, 0.2, -0.6, 0.5]
    assert resample_pairs(differences) == -0.04166666666666666
