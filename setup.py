"""Packaging: requirements are in third_party/requirements, tool settings in pyproject.toml."""

import pathlib
import re

import setuptools

ROOT = pathlib.Path(__file__).parent
REQUIREMENTS = ROOT / "third_party" / "requirements"


def requirements(*names):
    lines = [
        line for name in names for line in (REQUIREMENTS / f"{name}.txt").read_text().split("\n")
    ]
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


setuptools.setup(
    name="ann-keras",
    version=re.search(r'__version__ = "(.+)"', (ROOT / "ann" / "__init__.py").read_text()).group(1),
    description="Anytime neural networks in TensorFlow/Keras: train, measure, export, interrupt.",
    long_description=(ROOT / "README.md").read_text(),
    long_description_content_type="text/markdown",
    license="MIT",
    packages=setuptools.find_packages(include=["ann", "ann.*"]),
    package_data={
        "ann": ["py.typed", "presets/*", "presets/*/*"],
        "ann.runs": ["baseline.json"],
        "ann.runtime.service": ["page/*"],
    },
    entry_points={"console_scripts": ["ann = ann.__main__:main"]},
    python_requires=">=3.11",
    install_requires=requirements("base"),
    extras_require={
        "runtime": requirements("runtime", "serve"),  # answers with exported networks, trains none
        "serve": requirements("serve"),  # for another engine than ONNX Runtime
        "train": requirements("train"),
        "jax": requirements("jax"),  # trains on JAX, without TensorFlow
        "export": requirements("train", "export"),
        "openvino": requirements("openvino"),
        "bench": requirements("train", "export", "openvino", "serve", "bench"),
        "docs": requirements("train", "export", "serve", "docs"),
        "test": requirements("train", "export", "openvino", "serve", "test"),
    },
)
