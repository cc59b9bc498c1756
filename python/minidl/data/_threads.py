"""Reading ahead: worker threads that end when they are no longer wanted."""

from __future__ import annotations

import collections
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any


class _Stop:
    """What a worker leaves behind at the end: the error that stopped it, or None."""

    def __init__(self, error: BaseException | None = None):
        self.error = error


def _read(source: Callable[[], Iterator], box: _Box) -> None:
    """The worker: fill the box until the source ends, fails or nobody wants more."""
    error: BaseException | None = None
    iterator: Any = None
    try:
        iterator = source()
        for item in iterator:
            if not box.put(item):
                break
    except BaseException as caught:
        error = caught
    finally:
        close = getattr(iterator, "close", None)
        if close is not None:  # generators are closed by the thread that runs them
            try:
                close()
            except BaseException as caught:
                error = error or caught
        box.put(_Stop(error), even_if_full=True)


class _Box:
    """A bounded queue that can be closed from the consumer's side."""

    def __init__(self, size: int):
        self.size = size
        self.items: collections.deque[Any] = collections.deque()
        self.condition = threading.Condition()
        self.closed = False

    def put(self, item: Any, even_if_full: bool = False) -> bool:
        with self.condition:
            while not self.closed and not even_if_full and len(self.items) >= self.size:
                self.condition.wait()
            if not self.closed:
                self.items.append(item)
            self.condition.notify_all()
            return not self.closed

    def get(self) -> Any:
        with self.condition:
            while not self.items:
                self.condition.wait()
            item = self.items.popleft()
            self.condition.notify_all()
            return item

    def close(self) -> None:
        with self.condition:
            self.closed = True
            self.items.clear()
            self.condition.notify_all()


def prefetch(source: Callable[[], Iterator], size: int) -> Iterator:
    """Items of `source()` in their order, read by a thread that is up to `size` ahead.

    An error in the worker is raised here, behind the items before it. Closing this generator, or
    dropping it, ends the thread after the item it is at.
    """
    box = _Box(size)
    worker = threading.Thread(target=_read, args=(source, box), name="minidl-data", daemon=True)
    worker.start()
    try:
        while True:
            item = box.get()
            if isinstance(item, _Stop):
                if item.error is not None:
                    raise item.error
                return
            yield item
    finally:
        box.close()
        worker.join(1.0)  # longer only where the source itself blocks


def ordered_map(
    function: Callable[[Any], Any], items: Iterable, threads: int, ahead: int = 0
) -> Iterator:
    """`function(item)` for each item, in the order of the items, on several threads.

    Items are taken in the consumer's thread, `ahead` of them (twice the threads by default) before
    their results are asked for. An error is raised at its place in the order.
    """
    from concurrent.futures import ThreadPoolExecutor

    pool = ThreadPoolExecutor(threads, "minidl-map")
    waiting: collections.deque[Any] = collections.deque()
    iterator = iter(items)
    failed: BaseException | None = None
    ended = False
    try:
        while True:
            while not ended and len(waiting) < (ahead or 2 * threads):
                try:
                    waiting.append(pool.submit(function, next(iterator)))
                except StopIteration:
                    ended = True
                except Exception as error:  # of the source: after the results before it
                    ended, failed = True, error
            if not waiting:
                break
            yield waiting.popleft().result()
        if failed is not None:
            raise failed
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        close = getattr(iterator, "close", None)
        if close is not None:
            close()
