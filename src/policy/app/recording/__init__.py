"""Decisions recorded with all that they rest on, and judged again from that alone."""
