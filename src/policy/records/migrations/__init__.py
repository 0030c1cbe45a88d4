"""How the tables of a ledger are made and brought up to date."""
