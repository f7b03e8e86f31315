"""Side-by-side measurements. Each benchmark prints ratios from a single run."""
