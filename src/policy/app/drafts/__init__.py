"""First drafts: a manifest from what is found, a policy, a policy set."""
