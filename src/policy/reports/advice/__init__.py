"""Advice as text for a terminal, as Markdown for a pull request, and as JSON for programs."""
