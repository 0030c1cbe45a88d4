"""Servers of MLflow that are asked over HTTP: where they are, who asks, and what they answer."""
