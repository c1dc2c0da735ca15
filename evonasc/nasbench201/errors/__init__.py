"""How wrong NAS-Bench-201 networks are: orders, scores, and what a payload does to them."""
