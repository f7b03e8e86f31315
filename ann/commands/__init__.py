"""What is typed: `ann train | evaluate | export | predict | serve`, one module per command."""
