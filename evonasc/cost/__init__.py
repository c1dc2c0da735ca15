"""What a cut costs: machines, link, payload, energy, memory."""
