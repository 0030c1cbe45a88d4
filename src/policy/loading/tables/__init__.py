"""The dated tables: those that ship with the package, and an organisation's own."""
