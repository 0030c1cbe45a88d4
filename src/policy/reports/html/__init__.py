"""Decisions as one page that stands alone, for people who govern and audit."""
