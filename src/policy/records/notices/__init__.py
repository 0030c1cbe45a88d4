"""What is to be told of requests elsewhere: kept beside the ledger until it is told, once to each who is told."""
