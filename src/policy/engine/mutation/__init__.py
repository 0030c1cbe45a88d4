"""Policies with one small mistake, which their cases must notice."""
