"""JSON contracts of commands that write no report: models for their schemas, and for checking documents."""
