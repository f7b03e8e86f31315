"""Engines in a process that was forked.

The threads of an engine do not survive a fork, and to take the engine down waits for them, or
crashes. So a child never takes down an engine that it inherited.
"""

import ctypes
import functools
import os
import weakref

_ENGINES = weakref.WeakSet()


def never_take_down_in_children(engine) -> None:
    """Lets an engine live on, unused, in every process forked from this one."""
    _watch_forks()
    _ENGINES.add(engine)


@functools.cache
def _watch_forks():
    os.register_at_fork(after_in_child=_hold_all)


def _hold_all():
    for engine in list(_ENGINES):
        # A reference that nobody gives back outlives the interpreter too.
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(engine))
    _ENGINES.clear()
