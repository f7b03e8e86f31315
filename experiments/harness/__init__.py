"""From declarations to tables, figures and verdicts: plan, runner, store, cells, page."""
