"""How much memory a measurement takes."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import psutil

_MEGABYTE = 1 << 20


@contextmanager
def peak_memory() -> Iterator[Callable[[], int]]:
    """Watch the resident memory of this process and its children; the function yielded tells the most, in MB."""
    highest, done = 0, threading.Event()
    process = psutil.Process(os.getpid())

    def watch() -> None:
        nonlocal highest
        while not done.wait(0.05):
            total = process.memory_info().rss
            for child in process.children(recursive=True):
                with suppress(psutil.Error):
                    total += child.memory_info().rss
            highest = max(highest, total)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield lambda: highest // _MEGABYTE
    finally:
        done.set()
        watcher.join()
