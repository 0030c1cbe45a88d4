"""Frozen types without I/O: kinds and fields, facts, policies, decisions, waivers and approvals."""
