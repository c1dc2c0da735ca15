"""How a front is judged and shown."""
