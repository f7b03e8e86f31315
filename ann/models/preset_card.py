"""The model card of a preset, as Markdown."""

# What a card can say: key, title.
CARD = {
    "data": "Data",
    "licence": "License of the data",
    "recipe": "Recipe",
    "seed": "Seed",
    "hours": "Hours of training",
    "hardware": "Hardware",
    "limits": "Limits",
}

_COLUMNS = {
    "exit": ("Exit", "{}"),
    "macs": ("MACs", "{:,}"),
    "fraction": ("Share of the cost", "{:.3f}"),
    "error_top1": ("Top-1 error, %", "{:.2f}"),
    "error_top5": ("Top-5 error, %", "{:.2f}"),
    "loss": ("Loss, nats", "{:.4f}"),
    "temperature": ("Temperature", "{:.3f}"),
}


def model_card(facts: dict, weights_size: int) -> str:
    """The text of a preset's README.md.

    Args:
        facts: as in preset.json.
        weights_size: of the weights, in bytes.
    """
    name = facts["name"]
    sections = [
        f"# {name}",
        f"An anytime network with {len(facts['exits'])} exits for {facts['num_classes']} classes. "
        f"Its input has the shape {_shape(facts['input_shape'])}. "
        f"Its weights take {weights_size / 1e6:.2f} MB, with kernels in {facts['weights']}.",
        "## Use",
        _usage(name, facts),
        "## Exits",
        _table(facts["exits"]),
    ]
    for key, title in CARD.items():
        sections += [f"## {title}", facts["card"].get(key, "Not recorded.")]
    versions = ", ".join(f"{package} {version}" for package, version in facts["versions"].items())
    sections += ["## Versions", f"Written with {versions}."]
    return "\n\n".join(sections) + "\n"


def _shape(shape):
    return " x ".join(map(str, shape)) if isinstance(shape, (list, tuple)) else str(shape)


def _usage(name, facts):
    inputs = "images" if facts["normalization"] is None else "model.preset.preprocess(images)"
    of_pixels = "  # pixels, 0..255" if facts["normalization"] is not None else ""
    return (
        "```python\n"
        "from ann import models\n\n"
        f'model = models.from_preset("{name}")  # or the path of this folder\n'
        f"logits = model({inputs}){of_pixels}\n"
        "```\n\n"
        "`logits` is a list: the answer of each exit, shallow to deep."
    )


def _table(exits):
    columns = [key for key in _COLUMNS if all(key in exit for exit in exits)]
    rows = [[_COLUMNS[key][0] for key in columns], ["---:"] * len(columns)]
    rows += [[_COLUMNS[key][1].format(exit[key]) for key in columns] for exit in exits]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)
