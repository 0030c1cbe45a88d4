"""Judging: policies and facts in, a decision out; pure."""
