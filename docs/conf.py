"""The documentation site: `make docs`."""

import datetime
import pathlib
import sys

ROOT = pathlib.Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

import ann  # noqa: E402 (found through the line above)

project = "ANN"
author = "The ANN authors"
copyright = f"{datetime.date.today().year}, {author}"
version = release = ann.__version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
]
exclude_patterns = ["_build"]
# Links to files of the repository outside docs/; tests/test_docs.py checks them.
suppress_warnings = ["myst.xref_missing"]
html_theme = "furo"
html_title = f"ANN {version}"

# The tutorials run whenever the site is built: what they show is what the code does.
nb_execution_in_temp = True
nb_execution_mode = "force"
nb_execution_timeout = 600
nb_execution_raise_on_error = True
nb_merge_streams = True
myst_heading_anchors = 3
myst_enable_extensions = ["dollarmath", "deflist"]

autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_inherit_docstrings = False  # Keras documents its own methods
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_custom_sections = [("Call arguments", "params_style")]
