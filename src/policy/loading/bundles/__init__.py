"""Policy bundles: folders, archives and git trees that a policy set names with the digest of their content."""
