"""Observed facts: what training configs, data files and other evidence say."""
