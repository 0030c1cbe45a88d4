"""What an approach would cost: a first run, a month and an update, side by side."""
