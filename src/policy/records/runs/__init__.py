"""Runs of tracking servers: each step of one is an entry, and what clients send waits until a run refers to it."""
