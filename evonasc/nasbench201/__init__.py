"""The benchmark NAS-Bench-201: its cells and space, its network, machines' times and errors."""
