"""Runs of a tracking server: what is known of them, whether they are admitted, and what is released from them."""
