"""Decisions of a period, from the ledger and from manifests, counted for an audit report."""
