"""Who wants to know is told of requests: over https, signed, again and again until it is taken."""
