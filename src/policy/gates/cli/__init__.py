"""The command `policy`: one file a subcommand."""
