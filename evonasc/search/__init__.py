"""How the front is found."""
