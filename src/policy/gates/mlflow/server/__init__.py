"""The guard inside of an MLflow server: its stores, its artifacts, and an interface of its own."""
