"""Where decisions take effect: thin, and blind to each other."""
