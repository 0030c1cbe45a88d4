"""The ledger: an append-only record of every decision and of who decided what, that an auditor can check."""
