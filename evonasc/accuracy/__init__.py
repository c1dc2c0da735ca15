"""How good a network is: the supernet, its training, its scores."""
