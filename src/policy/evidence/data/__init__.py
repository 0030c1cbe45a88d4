"""What data files hold: rows, digests, repeated rows, overlap, tokens."""
