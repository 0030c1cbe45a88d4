"""Baselines: findings that are known, so that only new and worsened ones fail a run."""
