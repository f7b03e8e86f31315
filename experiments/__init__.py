"""Command lines and declared experiments on top of the library."""
