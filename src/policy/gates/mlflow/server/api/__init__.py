"""The server's own interface below `/policy/api/1`, for MLflow's clients, for approvers and for programs."""
