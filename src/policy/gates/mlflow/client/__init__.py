"""The client's side: sends what a project says of itself before a run begins, and stops where the server refuses it."""
