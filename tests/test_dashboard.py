"""What optuna-dashboard shows of a study."""

from __future__ import annotations

import importlib.util
import shutil
import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import optuna
import optuna_dashboard
import pytest

from optuna_metabo import MetaGPSampler
from optuna_metabo.dashboard import MetaGPCallback, publish
from tests.explanation.conftest import bowl, past

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FIGURES = ("metabo-source-weights", "metabo-source-agreement", "metabo-predictions")


@pytest.fixture
def study(tmp_path: Path) -> optuna.Study:
    sampler = MetaGPSampler([past("good", 1.0), past("bad", -1.0)], seed=0)
    study = optuna.create_study(
        study_name="new", storage=f"sqlite:///{tmp_path / 'studies.db'}", sampler=sampler
    )
    study.optimize(bowl, n_trials=4)
    return study


def test_attributes_say_which_sampler_which_sources_and_where_trials_came_from(
    study: optuna.Study,
) -> None:
    explanation = publish(study)
    attributes = study.user_attrs
    assert attributes["metabo:sampler"] == repr(study.sampler)
    assert set(attributes["metabo:weights"]) == {"good", "bad", "(without past studies)"}
    assert attributes["metabo:left_out"] == {}
    assert attributes["metabo:origins"] == {
        str(one.number): str(one.origin) for one in explanation.trials
    }


def test_attributes_have_past_studies_of_one_name_each_for_itself() -> None:
    names = ["same", "same", "(without past studies)", "gone"]
    sources = [past(name, 1.0, 0 if name == "gone" else 8 + i) for i, name in enumerate(names)]
    study = optuna.create_study(sampler=MetaGPSampler(sources, seed=0))
    with pytest.warns(UserWarning, match="left out"):
        study.optimize(bowl, n_trials=3)
    publish(study)
    weights = study.user_attrs["metabo:weights"]
    own = "(without past studies)"
    assert set(weights) == {"same", "same (2)", f"{own} (2)", own}
    assert sum(weights.values()) == pytest.approx(1.0, abs=1e-3)
    assert set(study.user_attrs["metabo:left_out"]) == {"gone"}


def test_publishing_again_replaces_our_part_of_the_note_and_keeps_that_of_others(
    study: optuna.Study,
) -> None:
    optuna_dashboard.save_note(study, "# Mine\n\nhands off")
    publish(study)
    first = optuna_dashboard.get_note(study)
    assert first.startswith("# Mine\n\nhands off\n\n## What MetaGPSampler did\n")
    optuna_dashboard.save_note(study, first + "\n## Later\n\nthis too")
    study.optimize(bowl, n_trials=1)
    publish(study)
    again = optuna_dashboard.get_note(study)
    assert again.count("What MetaGPSampler did") == 1
    assert "after 5 trials" in again
    assert "hands off" in again
    assert again.endswith("## Later\n\nthis too")


@pytest.mark.parametrize(
    "text",
    [
        "My remark: trial 2 ran on the old machine.",
        "\n### My table\n\n| a |\n| --- |\n| 1 |",
        "\n## Later\n\nthis too",
        "\n\n\n# After some lines\n",
    ],
)
@pytest.mark.parametrize("before", ["", "# Mine\n\nhands off\n\n"])
def test_text_after_our_part_of_the_note_stays_as_it_was_typed(
    study: optuna.Study, before: str, text: str
) -> None:
    optuna_dashboard.save_note(study, before)
    publish(study)
    optuna_dashboard.save_note(study, optuna_dashboard.get_note(study) + text)
    for n in (5, 6):
        study.optimize(bowl, n_trials=1, callbacks=[MetaGPCallback()])
        note = optuna_dashboard.get_note(study)
        assert note.startswith(f"{before}## What MetaGPSampler did\n")
        assert note.endswith(f"\n{text}")
        assert note.count("What MetaGPSampler did\n") == 1
        assert f"after {n} trials" in note


@pytest.mark.parametrize("after", ["", "\n## Later\n\nthis too", "\n# Later\n\n## Last\n"])
def test_a_section_of_an_earlier_release_ends_at_the_next_heading_or_with_the_note(
    study: optuna.Study, after: str
) -> None:
    old = "## What MetaGPSampler did\n\n'new' after 2 trials: 1 past study used.\n\n- old\n"
    optuna_dashboard.save_note(study, f"hands off\n\n{old}{after}")
    publish(study)
    note = optuna_dashboard.get_note(study)
    assert note.startswith("hands off\n\n## What MetaGPSampler did\n")
    assert note.endswith(after)
    assert note.count("What MetaGPSampler did\n") == 1
    assert "old" not in note


def test_names_of_studies_do_not_make_the_note_grow() -> None:
    """They may hold lines that look like headings."""
    names = ["## e\n## f", "\n# What\n\n## What MetaGPSampler did\n"]
    study = optuna.create_study(
        study_name="## new\n## study",
        sampler=MetaGPSampler([past(name, 1.0) for name in names], seed=0),
    )
    study.optimize(bowl, n_trials=4)
    publish(study)
    first = optuna_dashboard.get_note(study)
    assert [line for line in first.splitlines() if line.startswith("#")] == [
        "## What MetaGPSampler did"
    ]
    for _ in range(3):
        publish(study)
        assert optuna_dashboard.get_note(study) == first


def test_the_callback_publishes_every_so_many_trials(study: optuna.Study) -> None:
    study.optimize(bowl, n_trials=1, callbacks=[MetaGPCallback(every=5)])  # number 4
    assert "metabo:origins" not in study.user_attrs
    study.optimize(bowl, n_trials=3, callbacks=[MetaGPCallback(every=5)])
    assert len(study.user_attrs["metabo:origins"]) == 6


def test_a_callback_that_cannot_publish_says_so_and_ends_no_run(
    log: list[tuple[str, str]],
) -> None:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    study.optimize(bowl, n_trials=2, callbacks=[MetaGPCallback()])
    assert len(study.trials) == 2
    assert len(log) == 2
    assert "Nothing was published: TypeError: expected a MetaGPSampler" in log[0][1]


def test_what_is_no_study_is_not_published() -> None:
    with pytest.raises(TypeError, match=r"^study: expected a Study, got 5$"):
        publish(5)  # type: ignore[arg-type]


@pytest.mark.parametrize("every", [0, -1, 1.5, "2"])
def test_nonsense_is_refused(every: int) -> None:
    with pytest.raises(ValueError, match="every must be a positive int"):
        MetaGPCallback(every=every)


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


class _Server(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True


@pytest.fixture
def page(study: optuna.Study, tmp_path: Path) -> Iterator[str]:
    """The address of the study's page in a dashboard of our own."""
    app = optuna_dashboard.wsgi(f"sqlite:///{tmp_path / 'studies.db'}")
    with make_server("127.0.0.1", 0, app, server_class=_Server, handler_class=_Quiet) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/dashboard/studies/1"
        server.shutdown()


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")
@pytest.mark.skipif(
    importlib.util.find_spec("playwright") is None, reason="playwright is not installed"
)
def test_the_real_dashboard_shows_the_figures_the_note_and_the_attributes(
    study: optuna.Study, page: str
) -> None:
    from playwright.sync_api import sync_playwright

    publish(study)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        tab = browser.new_page()
        tab.set_default_timeout(120_000)  # of a machine that is busy
        tab.goto(page)
        for name in FIGURES:
            figure = tab.wait_for_selector(f"[id='user-defined-plot:{name}'] .main-svg")
            assert figure is not None
        assert tab.get_by_text("How much each past study counts").count()
        assert tab.get_by_text("metabo:origins").count()
        tab.goto(f"{page}/note")
        tab.get_by_text("What MetaGPSampler did").wait_for()
        assert "[//]" not in tab.inner_text("body")  # where our section ends
        assert "end of what" not in tab.inner_text("body")
        assert tab.get_by_role("cell", name="good", exact=True).count()
        browser.close()
