"""Of what `lab.py` makes, every test here has the same: one browser, one JupyterLab."""

from lab import browser, lab, open_notebook, page

__all__ = ["browser", "lab", "open_notebook", "page"]
