"""int8: links rounded with ranges taken from images, and what that does to every exit."""

import pathlib
import tempfile

import numpy as np

from ann import runtime
from ann.runtime.engines import IN_ONE_CALL


def int8_links(links, images) -> list:
    """ONNX links with kernels and activations in int8 (QDQ), a range per channel.

    Each link is calibrated with what the links before it make of the images.

    Args:
        links: of `ann.export.onnx_files.onnx_links`, in float32.
        images: `(N, ...)`, in the dtype of the export.
    """
    rows, rounded = [{"image": image[np.newaxis]} for image in images], []
    for link in links:
        advance, rows = _rounded(link.advance, rows)
        head, _ = _rounded(link.head, rows)
        rounded.append(link._replace(advance=advance, head=head))
    return rounded


def _rounded(model, rows):
    """The model in int8, and its outputs in float32 as what the following models read."""
    import onnx
    import onnxruntime
    from onnxruntime import quantization

    with tempfile.TemporaryDirectory() as folder:
        given, folded, made = (pathlib.Path(folder) / name for name in ("given", "folded", "made"))
        onnx.save(model, given)
        session = onnxruntime.InferenceSession(str(given), providers=["CPUExecutionProvider"])
        read = {value.name for value in session.get_inputs()}
        rows = [{name: row[name] for name in read} for row in rows]
        # Folds normalizations into convolutions.
        quantization.quant_pre_process(str(given), str(folded), skip_symbolic_shape=True)
        quantization.quantize_static(
            str(folded),
            str(made),
            _Reader(rows),
            quant_format=quantization.QuantFormat.QDQ,
            activation_type=quantization.QuantType.QUInt8,
            weight_type=quantization.QuantType.QInt8,
            per_channel=True,
            op_types_to_quantize=_ROUNDED,
        )
        states = [session.run(None, row) for row in rows]
        following = [x.name.replace("next_", "state_") for x in session.get_outputs()]
        return onnx.load(made), [dict(zip(following, state, strict=True)) for state in states]


# Rounding additions and paddings too, OpenVINO 2026.4 answers otherwise on residual networks.
_ROUNDED = ["Conv", "MatMul", "Gemm"]


class _Reader:
    """Gives ONNX Runtime one row after the other, then None."""

    def __init__(self, rows):
        self._rows = iter(rows)

    def get_next(self):
        return next(self._rows, None)


def compare(folder, engine, images, labels, expected, bound) -> dict:
    """What rounding did to each exit, for the manifest.

    Args:
        folder: of the export.
        engine: that computes it.
        images, labels: calibration images, and their classes or None.
        expected: logits of the network in float32 of each exit, `(N, num_classes)`.
        bound: most that an exit may lose, in percent: of the error with labels, of the answers that
            stay the same without.

    Returns:
        A dict of numbers per exit, in percent: `agreement`, `error_before` and `error_after`.

    Raises:
        RuntimeError: an exit loses more than the bound.
    """
    with runtime.AnytimePredictor(folder, engine, threads=1) as predictor:
        if engine in IN_ONE_CALL and not predictor.in_one_call:
            raise RuntimeError(f"{engine} does not compute the exits of the export in order")
        after = np.stack([answer.logits.argmax(-1) for answer in predictor.refine(images)])
    before = np.stack([logits.argmax(-1) for logits in expected])
    found = {"images": len(images), "agreement": _percent(before == after)}
    if labels is None:
        found |= {"error_before": None, "error_after": None}
        lost = 100 - np.array(found["agreement"])
    else:
        found |= {
            "error_before": _percent(before != labels),
            "error_after": _percent(after != labels),
        }
        lost = np.array(found["error_after"]) - found["error_before"]
    worst = int(np.argmax(lost))
    if lost[worst] > bound:
        raise RuntimeError(
            f"int8 with {engine} costs exit {worst} {lost[worst]:.2f} % of the answers, more than "
            "the bound. "
            f"Received: quantize_bound={bound}"
        )
    return found


def _percent(hits) -> list:
    return [round(float(share), 4) for share in 100 * hits.mean(axis=1)]
