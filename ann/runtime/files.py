"""Names of the files and signatures of an export: what `ann.export` writes and the engines read."""

MANIFEST = "manifest.json"
WHOLE_ONNX = "all_exits.onnx"
WEIGHTS_ONNX = "weights.bin"
LITERT = "model.tflite"
SAVED_MODEL = "saved_model.pb"


def segment(index: int) -> str:
    """Name of a segment with its head, as a signature and, with a suffix, as a file."""
    return f"segment_{index:02d}"


def advance(index: int) -> str:
    """Name of a segment without its head."""
    return f"advance_{index:02d}"


def head(index: int) -> str:
    """Name of a head."""
    return f"head_{index:02d}"


def onnx(name: str) -> str:
    """Name of the ONNX file of a segment or head."""
    return f"{name}.onnx"


def of_links(num_exits: int) -> list[str]:
    """Names of all that can be called of each link."""
    return [name(index) for name in (segment, advance, head) for index in range(num_exits)]
