# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
# cython: embedsignature=True
"""Tensor, Variable and GradientTape: what is known about an array while gradients are followed.

A tape is a flat list. Each tensor that it knows has a place in it; the entry at that place is the
record of the op that made the tensor, or None for a watched leaf. A record names its inputs by
their places, which are always lower, so the backward pass is one loop from the target's place
down, and neither that nor freeing a tape ever recurses.

Ops (in `minidl.ops`) call `record` with the result, the inputs and the gradient functions. While no
tape is active that only wraps the array.
"""
cimport cython
cimport numpy as cnp
from cpython.object cimport PyObject_Call, PyObject_CallObject
from cpython.ref cimport PyObject, Py_INCREF, Py_DECREF
from libc.stdlib cimport calloc, free, malloc

import warnings

import numpy as np

cnp.import_array()

cdef extern from *:
    """
    #include <stdlib.h>
    static __thread PyObject *minidl_innermost_tape = NULL;
    static inline PyObject *minidl_innermost(void) { return minidl_innermost_tape; }
    static inline void minidl_set_innermost(PyObject *tape) { minidl_innermost_tape = tape; }
    static __thread int minidl_wanted = 0;
    static inline int minidl_is_wanted(void) { return minidl_wanted; }
    static inline void minidl_set_wanted(int wanted) { minidl_wanted = wanted; }
    """
    # The innermost recording tape of this thread; tapes link to the next outer one.
    PyObject* minidl_innermost() noexcept nogil
    void minidl_set_innermost(PyObject*) noexcept nogil
    # Whether the gradient being computed in this thread is asked for, not only passed on.
    int minidl_is_wanted() noexcept nogil
    void minidl_set_wanted(int) noexcept nogil

include "_tensor.pxi"
include "_convert.pxi"
include "_variable.pxi"

cdef object _profiler = None        # who wants to know which layer an op belongs to


def set_profiler(profiler):
    """Ask `profiler.scope()` where each op is recorded, and run its gradient `within` that scope."""
    global _profiler
    _profiler = profiler


cdef long long _next_serial = 1
cdef long long _live_records = 0

IDENTITY = "identity"               # a gradient function that passes dy on unchanged
cdef object _IDENTITY = IDENTITY


def wrap(array):
    """A native float, integer or bool ndarray as a Tensor, unchecked: for the results of kernels."""
    return _wrap_result(array)


def without_logits(Tensor x):
    """Another Tensor for the same array and place on the tapes.

    What remembers another tensor remembers this instead, which itself remembers nothing: chains
    of memories would be freed recursively.
    """
    cdef Tensor alias
    if x._logits is None:
        return x
    alias = _wrap(x.data)
    alias._serial, alias._node, alias._others = x._serial, x._node, x._others
    return alias


def is_wanted():
    """For gradient functions of one input: whether their result itself was asked for.

    If not, it may be whatever the op before turns into the right gradient.
    """
    return bool(minidl_is_wanted())


def record_count():
    """How many op records are alive in the process, over all tapes."""
    return _live_records


@cython.final
@cython.freelist(512)
cdef class _Record:
    cdef object gradients            # a tuple of functions, one per input, or one function for all
    cdef tuple context               # what they are called with, after dy
    cdef object scope                # the layer it was recorded in, while profiling
    cdef tuple shapes                # the inputs' shapes where broadcasting changed one, else None
    cdef int inputs, outputs
    cdef bint holds_variable         # the context does, so changes since `clock` matter
    cdef long long clock
    cdef Py_ssize_t* parents         # -1: the tape does not know that input
    cdef Py_ssize_t[3] few

    def __cinit__(self):
        global _live_records
        _live_records += 1

    def __dealloc__(self):
        global _live_records
        _live_records -= 1
        if self.parents != self.few:
            free(self.parents)


@cython.final
cdef class BinaryOp:
    """A broadcasting op of two arguments, fast enough for the operators of Tensor.

    Args:
        kernel: function of two float arrays of one dtype.
        fallback: the NumPy function for integers.
        gradients: a function per input, called with (dy, x1, x2), or (dy) where `save` is False.
            Sums over broadcast axes are done for them.
        save: whether the gradients need the inputs.
    """
    cdef object kernel, fallback
    cdef tuple gradients
    cdef bint save

    def __init__(self, kernel, fallback, gradients, save=True):
        self.kernel, self.fallback, self.gradients, self.save = kernel, fallback, gradients, save

    def __call__(self, x1, x2):
        return self.apply(x1, x2)

    cdef Tensor apply(self, object x1, object x2):
        cdef Tensor a, b, out
        cdef tuple inputs
        cdef int kind = 0
        if isinstance(x1, Tensor) and isinstance(x2, Tensor):
            a = <Tensor>x1
            b = <Tensor>x2
            kind = _float_kind(a)
            if cnp.PyArray_TYPE(<cnp.ndarray>b.data) != kind:
                kind = 0
        if not kind:
            a, b = _pair(x1, x2)
            if not _float_kind(a):
                result = np.asarray(self.fallback(a.data, b.data))
                if result.dtype.kind == "f":
                    result = result.astype(_default_float, copy=False)
                return _wrap(result)
        out = _wrap(self.kernel(a.data, b.data))
        if minidl_innermost() != NULL:
            inputs = (a, b)
            _record(out, inputs, self.gradients, inputs if self.save else (), True)
        return out


cdef Py_ssize_t _lookup(Tensor x, GradientTape tape) except -2:
    """The place of `x` on `tape`, -1 if it has none."""
    if x._serial == tape._serial:
        return x._node
    if x._others is not None:
        place = x._others.get(tape._serial)
        if place is not None:
            return place
    if x._watched:
        place = tape._leaves.get(<size_t><PyObject*>x)
        if place is not None:
            if x._is_leaf:
                x._serial = tape._serial
                x._node = place
            return place
    return -1


cdef inline Py_ssize_t _find(Tensor x, GradientTape tape) except -2:
    """The place of `x` on `tape`, -1 if it has none; trainable variables get one."""
    cdef Py_ssize_t place
    if x._serial == tape._serial:
        return x._node
    place = _lookup(x, tape)
    if place < 0 and tape._auto and isinstance(x, Variable) and (<Variable>x).trainable and _float_kind(x):
        return tape._add_leaf(x)
    return place


cdef int _record(Tensor out, tuple inputs, object gradients, tuple context, bint broadcasts,
                 tuple more=None) except -1:
    """Append the op that made `out` (and the outputs `more`) to the tapes that follow an input."""
    cdef GradientTape tape
    cdef PyObject* link = minidl_innermost()
    cdef Py_ssize_t i, place, count = len(inputs)
    cdef Py_ssize_t[3] few
    cdef Py_ssize_t* parents
    cdef bint known, reshaped
    cdef _Record entry
    while link != NULL:
        tape = <GradientTape>link
        parents = few
        if count > 3:
            parents = <Py_ssize_t*>malloc(count * sizeof(Py_ssize_t))
            if parents == NULL:
                raise MemoryError()
        known = reshaped = False
        try:
            for i in range(count):
                x = inputs[i]
                place = -1
                if isinstance(x, Tensor):
                    place = _find(<Tensor>x, tape)
                    if place >= 0:
                        known = True
                        if broadcasts and not _same_shape((<Tensor>x).data, out.data):
                            reshaped = True
                parents[i] = place
        except:
            if parents != few:
                free(parents)
            raise
        if known:
            entry = _Record.__new__(_Record)
            if count > 3:
                entry.parents = parents
            else:
                entry.parents = entry.few
                for i in range(count):
                    entry.few[i] = few[i]
            entry.inputs = count
            entry.outputs = 1 if more is None else 1 + len(more)
            entry.gradients = gradients
            entry.context = context
            if reshaped:
                entry.shapes = tuple([(<Tensor>x).data.shape for x in inputs])
            entry.clock = _clock
            if _profiler is not None:
                entry.scope = _profiler.scope()
            for x in context:
                if isinstance(x, Variable):
                    entry.holds_variable = True
                    break
            tape._append(entry, out)
            if more is not None:
                for x in more:
                    tape._append(None, <Tensor>x)
        elif parents != few:
            free(parents)
        link = <PyObject*>tape._outer
        if <object>link is None:
            break
    return 0


def record(out, tuple inputs, gradients, tuple context=(), broadcasts=False):
    """Tell the active tapes how `out` was computed; the one hook that ops use.

    Args:
        out: the result: an ndarray, or a fresh Tensor where the context needs it; a tuple of
            them for several results.
        inputs: the arguments that gradients flow to. What is no Tensor gets none.
        gradients: a tuple with one function per input, each called as `function(dy, *context)` and
            only when its input needs a gradient; or one function, which returns a tuple of a
            gradient or None per input. They are written in ops, so that an outer tape can follow
            them. With several outputs dy is a tuple, None where nothing flows back.
        context: what the gradient functions need. A Variable in here must not be changed before
            the backward pass, else that raises RuntimeError.
        broadcasts: sum each gradient down to its input's shape.

    Returns:
        `out` as a Tensor, or a tuple of Tensors.
    """
    if isinstance(out, tuple):
        out = tuple([x if isinstance(x, Tensor) else _wrap_result(x) for x in out])
        if minidl_innermost() != NULL:
            _record(out[0], inputs, gradients, context, broadcasts, out[1:])
        return out
    if not isinstance(out, Tensor):
        out = _wrap_result(out)
    if minidl_innermost() != NULL:
        _record(<Tensor>out, inputs, gradients, context, broadcasts)
    return out


def is_recording(*inputs):
    """Whether an active tape follows one of `inputs`."""
    cdef PyObject* link = minidl_innermost()
    while link != NULL and <object>link is not None:
        for x in inputs:
            if isinstance(x, Tensor) and _find(<Tensor>x, <GradientTape>link) >= 0:
                return True
        link = <PyObject*>(<GradientTape>link)._outer
    return False


include "_dispatch.pxi"
include "_structures.pxi"
include "_gradient_tape.pxi"
include "_backward.pxi"
