"""Waiver files: what they ask for, who may approve it, and what a trusted revision shows."""
