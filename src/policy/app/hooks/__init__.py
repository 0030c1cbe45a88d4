"""What git hooks judge: what is staged, and what is pushed."""
