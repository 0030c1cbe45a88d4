"""Python source and notebooks: the calls in them that start a fine-tuning, found by parsing alone."""
