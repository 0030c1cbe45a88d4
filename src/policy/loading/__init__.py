"""Files → model: discovery, manifests, policies and policy sets."""
