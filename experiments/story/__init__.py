"""The demo's story: networks are trained, exported and raced, and a page shows what happened."""
