"""Runs: one search with its configuration, files and results; many of them compared."""
