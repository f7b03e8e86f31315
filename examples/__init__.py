"""What a user copies."""
