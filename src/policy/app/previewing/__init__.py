"""Recorded facts judged again by another policy set: who would be blocked, held, flagged or freed."""
