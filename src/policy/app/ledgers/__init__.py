"""The ledger for those who keep it and those who check it."""
