"""What is typed: `ann train | evaluate | export | preset | predict | serve`, a module for each."""
