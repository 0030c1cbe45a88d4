"""Facts that follow from others, one file a theme."""
