"""What git says of a repository, asked so that nothing in the repository can run."""
