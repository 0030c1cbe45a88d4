"""How much of a gain is certain: the lower end of its 95 % interval."""

from __future__ import annotations

from math import fsum, sqrt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# The 97.5th percentile of the standard normal distribution: 2.5 % lie outside at either end.
Z_95 = 1.959963984540054
FEWEST_PAIRS = 10
RESAMPLES = 1000
# With more pairs the bootstrap's interval is the normal one within its own noise, and drawing takes seconds.
MOST_RESAMPLED = 1000
_SEED = 20240229


def subtract_errors(gain: float, error: float, other: float) -> float:
    """The gain - z·sqrt(se1² + se2²): the two results as independent, each normally distributed around its value.

    Standard error of a difference of means: Miller 2024, Adding Error Bars to Evals, section 3 (unpaired). Where both
    answered the same questions the true interval is mostly narrower.
    """
    return gain - Z_95 * sqrt(error * error + other * other)


def resample_pairs(differences: Sequence[float]) -> float | None:
    """The 2.5th percentile of the mean difference over resamples of the pairs; None for fewer than 10 pairs.

    Percentile bootstrap: Efron and Tibshirani 1993, An Introduction to the Bootstrap, section 13.3; paired by question:
    Koehn 2004, Statistical Significance Tests for Machine Translation Evaluation. The seed is fixed, so that the same
    results give the same end. Above 1,000 pairs it is mean - z·sd/sqrt(n), the normal interval of the paired mean.
    """
    count = len(differences)
    if count < FEWEST_PAIRS:
        return None
    # `sum` rounds differently from one version of Python to the next.
    mean = fsum(differences) / count
    if count > MOST_RESAMPLED:
        spread = fsum((difference - mean) ** 2 for difference in differences) / (count - 1)
        return mean - Z_95 * sqrt(spread / count)
    from random import Random  # few results lie example by example

    draw = Random(_SEED).choices  # noqa: S311 - statistics
    means = sorted(fsum(draw(differences, k=count)) / count for _ in range(RESAMPLES))
    return means[int(RESAMPLES * 0.025) - 1]
