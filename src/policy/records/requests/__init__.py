"""Requests for approval: asked, voted on and decided once, each step an entry of the ledger."""
