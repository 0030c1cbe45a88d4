"""What another policy set would have decided, as text, JSON and Markdown."""
