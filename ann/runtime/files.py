"""Names of the files and signatures of an export: what `ann.export` writes and the engines read."""

MANIFEST = "manifest.json"
WHOLE_ONNX = "all_exits.onnx"
WEIGHTS_ONNX = "weights.bin"
LITERT = "model.tflite"
SAVED_MODEL = "saved_model.pb"


def segment(index: int) -> str:
    """Name of a segment, as a signature and, with a suffix, as a file."""
    return f"segment_{index:02d}"


def segment_onnx(index: int) -> str:
    """Name of the ONNX file of a segment."""
    return f"{segment(index)}.onnx"
