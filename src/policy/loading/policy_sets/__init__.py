"""The files of a policy set, layer upon layer."""
