"""The policy language: reading, type check, and one file per compiler."""
