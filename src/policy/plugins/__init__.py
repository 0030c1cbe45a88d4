"""Hook specifications and the registry of plugins; what ships with the package comes by the same route as anyone's."""
