"""Sphinx configuration: everything that a page needs is in it, so that it reads offline."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from pygments.lexers.special import TextLexer
from sphinx.ext.intersphinx import resolve_reference_in_inventory

if TYPE_CHECKING:
    from sphinx.addnodes import pending_xref
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment
    from sphinx.writers.html5 import HTML5Translator

project = "optuna_metabo"
author = "The optuna_metabo authors"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
html_theme = "furo"
html_title = "optuna_metabo"
html_static_path = ["_static"]
html_css_files = ["tables.css"]
html_math_renderer = "mathml"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented_params"
autodoc_typehints_format = "short"
exclude_patterns = ["_build", "optunahub"]

# Links to other projects need their inventories, which a build without a network cannot fetch.
if os.environ.get("OPTUNA_METABO_INTERSPHINX"):
    extensions.append("sphinx.ext.intersphinx")
    intersphinx_mapping = {
        "numpy": ("https://numpy.org/doc/stable/", None),
        "optuna": ("https://optuna.readthedocs.io/en/stable/", None),
        "python": ("https://docs.python.org/3/", None),
    }


def public_name(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, contnode: nodes.TextElement
) -> nodes.reference | None:
    """Optuna's classes by the names of its documentation, without the modules they are made in."""
    first, *rest = node.get("reftarget", "").split(".")
    if first != "optuna" or len(rest) < 3:
        return None
    node["reftarget"] = f"optuna.{rest[0]}.{rest[-1]}"
    return resolve_reference_in_inventory(env, "optuna", node, contnode)


def inline_formula(translator: HTML5Translator, node: nodes.math) -> None:
    """A formula within a line, as MathML, which browsers draw by themselves."""
    translator.body.append(tex2mathml(node.astext()))
    raise nodes.SkipNode


def displayed_formula(translator: HTML5Translator, node: nodes.math_block) -> None:
    """A formula on lines of its own."""
    translator.body.append(f'<div class="math">{tex2mathml(node.astext(), as_block=True)}</div>\n')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    """Formulas without a script from elsewhere, tables, and links where a network is allowed."""
    if "sphinx.ext.intersphinx" in extensions:
        app.connect("missing-reference", public_name)
    app.add_html_math_renderer("mathml", (inline_formula, None), (displayed_formula, None))
    app.add_lexer("csv", TextLexer)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
