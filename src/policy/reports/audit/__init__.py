"""What decisions of a period come to, for those who audit: as a page, as tables, as Markdown and as JSON."""
