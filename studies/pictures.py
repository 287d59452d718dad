"""The pictures of docs/visualization.md, made of the snippets that stand there.

    python -m studies.pictures
    python -m studies.pictures --report metabo-demo/report.html

Runs the page from top to bottom in a folder of its own. After each snippet that makes a figure it
is drawn by headless Chromium (Debian's package) into docs/images, and in the end the page of the
study in a real optuna-dashboard. With `--report`, the picture of the README instead: the first
figure of the report that `optuna-metabo demo` makes.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import socketserver
import sys
import tempfile
import threading
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import optuna

from studies.commands import command, existing_file

DOCS = Path(__file__).parent.parent / "docs"
PAGE = DOCS / "visualization.md"
WIDTH, COLOURS = 800, 128
_SNIPPET = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_PICTURE = re.compile(r"\]\(images/([\w-]+)\.png\)")


def run_page(page: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Runs the snippets of a page in the current folder, one after the other.

    Yields:
        What was printed so far, and the names that are bound, after each snippet.
    """
    names: dict[str, Any] = {}
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for snippet in _SNIPPET.findall(page):
            exec(compile(snippet, PAGE.name, "exec"), names)
            yield printed.getvalue(), names


def pictures(page: str) -> list[str]:
    """The names of the pictures on a page, in their order."""
    return _PICTURE.findall(page)


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


class _Server(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True


@contextlib.contextmanager
def dashboard(storage: Any) -> Iterator[str]:
    """A running optuna-dashboard; its address."""
    import optuna_dashboard

    app = optuna_dashboard.wsgi(storage)
    with make_server("127.0.0.1", 0, app, server_class=_Server, handler_class=_Quiet) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/dashboard"
        server.shutdown()


def draw(figure: Any, path: Path, browser: Any) -> None:
    """A figure as it looks in a window of 800 pixels."""
    html = path.with_suffix(".html").name
    figure.write_html(html, config={"displayModeBar": False})
    tab = browser.new_page(viewport={"width": WIDTH, "height": int(figure.layout.height) + 16})
    tab.goto(f"file://{Path(html).resolve()}")
    tab.wait_for_selector(".main-svg")
    save(tab.screenshot(), path)
    tab.close()


def draw_dashboard(address: str, number: int, path: Path, browser: Any) -> None:
    """The part of a study's page that shows our figures; the first study is number 1."""
    tab = browser.new_page(viewport={"width": 1280, "height": 1000})
    tab.goto(f"{address}/studies/{number}")
    for name in ("source-weights", "source-agreement", "predictions"):
        tab.wait_for_selector(f"[id='user-defined-plot:metabo-{name}'] .main-svg")
    first = tab.locator("[id^='user-defined-plot:metabo']").first
    first.evaluate("element => element.scrollIntoView({block: 'start'})")
    tab.mouse.wheel(0, -90)  # from under the bar at the top
    tab.wait_for_timeout(1000)
    save(tab.screenshot(), path)
    tab.close()


def draw_report(report: Path, path: Path, browser: Any) -> None:
    """The first figure of the demo's report."""
    tab = browser.new_page(viewport={"width": WIDTH, "height": 900})
    tab.goto(f"file://{report.resolve()}")
    tab.wait_for_selector(".main-svg")
    save(tab.locator(".plotly-graph-div").first.screenshot(), path)
    tab.close()


def save(png: bytes, path: Path) -> None:
    """Writes a picture with few colours, which takes a third of the bytes."""
    from PIL import Image

    image = Image.open(io.BytesIO(png)).convert("RGB")
    image.quantize(COLOURS).save(path, optimize=True)


def make_pictures(page: Path, out: Path, browser: Any) -> str:
    """Draws every picture of a page into a folder, and returns what its snippets print."""
    text = page.read_text(encoding="utf-8")
    missing, printed = pictures(text), ""
    drawn: Any = None
    names: dict[str, Any] = {}
    for printed, names in run_page(text):  # noqa: B007
        figure = names.get("figure")
        if figure is not None and figure is not drawn:
            drawn = figure
            draw(figure, out / f"{missing.pop(0)}.png", browser)
    storage, name = names["storage"], names["study"].study_name
    number = optuna.get_all_study_names(storage).index(name) + 1
    with dashboard(storage) as address:
        draw_dashboard(address, number, out / f"{missing.pop(0)}.png", browser)
    return printed


def main(argv: Sequence[str] | None = None) -> None:
    """Makes the pictures, and prints what the page prints."""
    parser = command("pictures", __doc__)
    parser.add_argument("--out", type=Path, default=DOCS / "images", help="the folder")
    parser.add_argument("--report", type=existing_file, help="of the demo, an HTML file")
    parser.add_argument("--chromium", default="/usr/bin/chromium", help="the browser")
    options = parser.parse_args(argv)
    from playwright.sync_api import sync_playwright

    out = options.out.resolve()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=options.chromium, args=["--no-sandbox"]
        )
        if options.report:
            draw_report(options.report, out / "demo.png", browser)
        else:
            with tempfile.TemporaryDirectory() as folder:
                os.chdir(folder)
                sys.stdout.write(make_pictures(PAGE, out, browser))
        browser.close()


if __name__ == "__main__":
    main()
