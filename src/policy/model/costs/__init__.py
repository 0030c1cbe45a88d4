"""What training, hosting and calls cost, worked out from a project's numbers and from dated prices."""
