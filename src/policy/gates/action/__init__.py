"""The steps of the GitHub Action: what they are given, `policy check`, and what later steps and people are told."""
