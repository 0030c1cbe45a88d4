"""What was tried and how it scored, from results files and tracked runs."""
