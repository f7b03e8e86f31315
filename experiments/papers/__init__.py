"""One module a table or figure of the papers: rows, settings of each scale, what the paper claims of them."""
