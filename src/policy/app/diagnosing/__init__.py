"""Whether everything that the gates need is there and fits together, one finding a thing."""
