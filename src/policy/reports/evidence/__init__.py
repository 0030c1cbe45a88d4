"""What is known of each project, as text for a person and as JSON for programs."""
