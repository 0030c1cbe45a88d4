"""Approvals as commands and gates use them: asking for them, deciding on them, and what counts."""
