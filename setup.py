"""Packaging: requirements are in third_party/requirements, tool settings in pyproject.toml."""

import pathlib
import re

import setuptools

ROOT = pathlib.Path(__file__).parent
REQUIREMENTS = ROOT / "third_party" / "requirements"


def requirements(name):
    lines = (REQUIREMENTS / f"{name}.txt").read_text().splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


setuptools.setup(
    name="ann-keras",
    version=re.search(r'__version__ = "(.+)"', (ROOT / "ann" / "__init__.py").read_text()).group(1),
    description="Anytime neural networks in TensorFlow/Keras: train, measure, export, interrupt.",
    long_description=(ROOT / "README.md").read_text(),
    long_description_content_type="text/markdown",
    license="MIT",
    packages=setuptools.find_packages(include=["ann", "ann.*"]),
    package_data={"ann.runs": ["baseline.json"]},
    entry_points={"console_scripts": ["ann = ann.__main__:main"]},
    python_requires=">=3.11",
    install_requires=requirements("core"),
    extras_require={
        **{name: requirements(name) for name in ("export", "serve")},
        "bench": [*requirements("bench"), *requirements("export")],
        "docs": [*requirements("docs"), *requirements("export"), *requirements("serve")],
        "test": [*requirements("test"), *requirements("export"), *requirements("serve")],
    },
)
