"""What the commits of a repository tell about training data and training."""
