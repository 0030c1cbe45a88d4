"""Text with positions: YAML and TOML read safely, and excerpts with a caret. Knows no policy."""
