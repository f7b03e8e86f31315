"""One training run: config, flags, folder, name, training, evaluation, export."""
