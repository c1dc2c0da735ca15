"""How long machines take for NAS-Bench-201 networks: predictors, and how they were fitted."""
