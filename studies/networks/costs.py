"""What a training run costs: operations, seconds, memory."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode


def flops_per_example(
    network: nn.Module, shape: torch.Size, dtype: torch.dtype
) -> tuple[int, int]:
    """Floating point operations of the forward and the backward pass for one example.

    `network` stands on the meta device, where recurrent layers are spelled out as the matrix
    products they are (PyTorch's counter does not know their fused kernels) and where nothing is
    computed. The counter sees matrix products and convolutions, 2 operations for each
    multiplication with its addition.
    """
    network.eval()
    with FlopCounterMode(display=False) as counter:
        logits = network(torch.zeros(1, *shape, dtype=dtype, device="meta"))
        forward = counter.get_total_flops()
        logits.sum().backward()
    return forward, counter.get_total_flops() - forward


@dataclass
class Clock:
    """Seconds gone by, on the wall and on the device."""

    seconds: float = 0.0
    device_seconds: float = 0.0


@contextmanager
def stopwatch(device: torch.device) -> Iterator[Clock]:
    """Times its block. On a GPU two events bracket the work, so that nothing waits inside it."""
    clock, start, cpu = Clock(), time.perf_counter(), time.process_time()
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
        event: Any = torch.cuda.Event
        first, last = event(enable_timing=True), event(enable_timing=True)
        first.record()
        yield clock
        last.record()
        last.synchronize()
        clock.device_seconds = first.elapsed_time(last) / 1000
    else:
        yield clock
        clock.device_seconds = time.process_time() - cpu
    clock.seconds = time.perf_counter() - start


def device_name(device: torch.device) -> str:
    """The GPU's name, or `cpu` with the number of threads torch uses."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"cpu, {torch.get_num_threads()} thread(s)"


def peak_memory(device: torch.device) -> int:
    """Bytes: see `TrainingRun`. psutil knows of no peak but on Windows."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
