"""One module per table or figure of the papers: rows, settings of each scale, claims."""
