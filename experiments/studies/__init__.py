"""Studies of our own, one module each, declared as the papers' items are."""
