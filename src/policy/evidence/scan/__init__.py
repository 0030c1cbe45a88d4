"""Data files scanned for secrets and personal data: counts and places, never what was found."""
