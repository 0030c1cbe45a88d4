"""One file for each version of the schema; what is released is never changed."""
