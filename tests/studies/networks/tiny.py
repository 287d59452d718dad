"""Tasks small enough for tests."""

from __future__ import annotations

import dataclasses

from studies.networks import tasks

IMAGE = dataclasses.replace(
    tasks.TASKS["mnist/low"], classes=(0, 1), n_train=32, n_valid=16, n_test=16, epochs=1
)
TEXT = dataclasses.replace(
    tasks.TASKS["imdb/few"], n_train=32, n_valid=16, n_test=16, epochs=1, tokens=8
)
