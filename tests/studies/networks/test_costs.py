"""What a training run costs."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="the networks are torch's")

from studies.networks.costs import flops_per_example, peak_memory


def test_flops_of_a_layer_equal_a_hand_count() -> None:
    with torch.device("meta"):
        layer = torch.nn.Conv2d(3, 8, 3, padding=1, bias=False)
    forward, _ = flops_per_example(layer, torch.Size((3, 10, 10)), torch.float32)
    assert forward == 2 * 3 * 3 * 3 * 8 * 10 * 10


def test_the_peak_of_memory_is_in_bytes_and_never_falls() -> None:
    before = peak_memory(torch.device("cpu"))
    large = torch.ones(2**22)  # 16 MiB
    assert before > 10 * 2**20
    assert peak_memory(torch.device("cpu")) >= before
    del large
