"""Decisions → text for people and machines: one file a format; they return strings."""
