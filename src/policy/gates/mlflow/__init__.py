"""The gate at MLflow: a server that refuses, holds or flags runs and releases, and a client that fails early."""
