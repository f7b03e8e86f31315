"""What is typed: `ann train | evaluate | export | preset | predict | serve`, one module per command."""
