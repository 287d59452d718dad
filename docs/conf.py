"""Sphinx configuration."""

from __future__ import annotations

project = "optuna_metabo"
author = "The optuna_metabo authors"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.mathjax", "sphinx.ext.napoleon"]
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
html_theme = "furo"
autodoc_typehints = "none"
exclude_patterns = ["_build", "optunahub"]
