"""Policies of a revision that whoever proposes a change does not choose, and what the proposal does to them."""
