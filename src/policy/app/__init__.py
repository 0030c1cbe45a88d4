"""The use cases: wiring between loading, evidence, judging and reports."""
