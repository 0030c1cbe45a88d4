"""What a decision rested on, as JSON that is kept for ever, and read back: each form has its version."""
