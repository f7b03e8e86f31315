"""The service: an `AnytimePredictor` over HTTP, in the order of the deadlines (docs/serve.md)."""
