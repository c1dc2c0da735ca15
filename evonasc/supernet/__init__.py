"""Training, scoring and running one-shot supernets, and what sending a payload does to networks."""
