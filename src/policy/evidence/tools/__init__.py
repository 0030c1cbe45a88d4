"""Readers of training configs, one file for each tool."""
