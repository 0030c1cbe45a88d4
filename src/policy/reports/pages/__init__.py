"""The documentation page of a policy, and the index of all."""
