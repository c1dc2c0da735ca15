"""Data sets and images: what networks are trained and judged on; knows no search space."""
