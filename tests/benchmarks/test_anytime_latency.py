"""What the table of latencies compares; benchmarks define nothing when they are imported."""

import numpy as np
from absl import flags

from benchmarks import anytime_latency, service_load


def test_importing_a_benchmark_defines_no_flags():
    defined = flags.FLAGS.flags_by_module_dict()
    assert not {anytime_latency.__name__, service_load.__name__} & set(defined)


def test_every_engine_and_precision_is_measured_beside_its_whole_network(tmp_path):
    name, folders = "resann-n1-c4", {}
    for precision in anytime_latency.PRECISIONS:
        folders[name, precision] = tmp_path / ("int8" if precision == "int8" else "float32")
        if precision != "bfloat16":
            anytime_latency.write_export(name, ["onnx"], precision, folders[name, precision])
    table, by_exit = anytime_latency.latencies(folders, name, ["onnx"], seconds=0.0)
    combinations = set(zip(table.engine, table.precision, strict=True))
    known = {(e, p) for e in ("onnxruntime", "openvino") for p in anytime_latency.PRECISIONS}
    assert {("onnxruntime", "float32"), ("onnxruntime", "int8")} <= combinations <= known
    assert len(table) == 6 * len(combinations)
    assert len(by_exit) == 3 * len(combinations)
    whole = table[table.run == "whole network"]
    assert (whole.over_whole == 1.0).all()
    assert whole[whole.precision != "int8"].over_fastest.min() == 1.0
    rounded = table[(table.precision == "int8") & (table.engine == "onnxruntime")]
    plain = table[(table.precision == "float32") & (table.engine == "onnxruntime")]
    ratios = rounded.median_ms.to_numpy() / plain.median_ms.to_numpy()
    np.testing.assert_allclose(rounded.over_float32, ratios)
