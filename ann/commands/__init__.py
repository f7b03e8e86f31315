"""What is typed, one module per command: `ann train | evaluate | export | preset | predict | serve`."""
