# GradientTape: what records, and what users call. Part of _tape.pyx.

cdef class GradientTape:
    """Records ops so that gradients can be computed backwards through them.

    Args:
        persistent: keep the records, so that `gradient` can be called more than once.
        watch_accessed_variables: follow every trainable Variable that an op uses.

    Source: `tf.GradientTape`, with its semantics, also for nested tapes (second derivatives). One
    difference: an error that leaves the `with` block frees the records.

    >>> import minidl
    >>> x = minidl.Variable(3.0)
    >>> with minidl.GradientTape() as tape:
    ...     y = x * x
    >>> float(tape.gradient(y, x))
    6.0
    """
    cdef list _records               # None once they are used up
    cdef dict _leaves                # id of a watched tensor -> its place
    cdef list _watched               # keeps those tensors alive
    cdef bint _persistent, _auto, _recording, _failed
    cdef long long _serial
    cdef object _outer               # the next outer tape while recording, else None

    def __init__(self, persistent=False, watch_accessed_variables=True):
        self._persistent = persistent
        self._auto = watch_accessed_variables
        self._start()

    cdef int _start(self) except -1:
        global _next_serial
        self._serial = _next_serial
        _next_serial += 1
        self._records, self._leaves, self._watched = [], {}, []
        self._failed = False
        return 0

    cdef int _clear(self) except -1:
        self._records = None
        self._leaves = {}
        self._watched = [x for x in self._watched if isinstance(x, Variable)]
        return 0

    cdef int _push(self) except -1:
        cdef PyObject* link = minidl_innermost()
        if self._recording:
            raise ValueError("Tape is still recording. This can happen if you try to re-enter an "
                             "already-active tape.")
        self._outer = None if link == NULL else <object>link
        Py_INCREF(self)
        minidl_set_innermost(<PyObject*>self)
        self._recording = True
        return 0

    cdef int _pop(self) except -1:
        cdef PyObject* link = minidl_innermost()
        cdef GradientTape tape
        if not self._recording or link == NULL:
            raise ValueError("Tape is not recording.")
        if link == <PyObject*>self:
            link = <PyObject*>self._outer
            if self._outer is None:
                link = NULL
            minidl_set_innermost(link)
        else:
            tape = <GradientTape>link
            while tape._outer is not self:
                if tape._outer is None:
                    raise ValueError("Tape is not recording in this thread.")
                tape = tape._outer
            tape._outer = self._outer
        self._outer = None
        self._recording = False
        Py_DECREF(self)
        return 0

    def __enter__(self):
        if self._records is None:
            self._start()
        self._push()
        return self

    def __exit__(self, kind, error, traceback):
        if self._recording:
            self._pop()
        if kind is not None:
            self._clear()
            self._failed = True

    cdef int _append(self, object entry, Tensor out) except -1:
        cdef Py_ssize_t place = len(self._records)
        self._records.append(entry)
        if out._serial == 0:
            out._serial = self._serial
            out._node = place
        else:
            if out._others is None:
                out._others = {}
            out._others[self._serial] = place
        return 0

    cdef Py_ssize_t _add_leaf(self, Tensor x) except -2:
        cdef Py_ssize_t place = len(self._records)
        self._records.append(None)
        self._watched.append(x)
        self._leaves[<size_t><PyObject*>x] = place
        if x._serial != 0 and not x._is_leaf:
            if x._others is None:
                x._others = {}
            x._others[x._serial] = x._node
        x._watched = x._is_leaf = True
        x._serial = self._serial
        x._node = place
        return place

    def watch(self, tensor):
        """Follow `tensor`: a Tensor, or a nested structure of them."""
        cdef list leaves = []
        _flatten(tensor, leaves)
        for x in leaves:
            if not isinstance(x, Tensor):
                raise ValueError(f"tape.watch takes Tensors and Variables. Received: {x!r} (of "
                                 f"type {type(x).__name__}); use minidl.ops.convert_to_tensor.")
        if self._records is None:
            raise RuntimeError(self._used_up())
        for x in leaves:
            if not _float_kind(<Tensor>x):
                warnings.warn(f"The dtype of a watched tensor must be floating. Received: "
                              f"{x.dtype}; it gets no gradient.", stacklevel=2)
            elif _lookup(<Tensor>x, self) < 0:
                self._add_leaf(<Tensor>x)

    def watched_variables(self):
        """The Variables followed so far, in the order in which they were met."""
        return tuple([x for x in self._watched if isinstance(x, Variable)])

    def stop_recording(self):
        """A context manager during which this tape does not record."""
        if self._records is None:
            raise RuntimeError("Trying to stop recording a tape which is not recording.")
        return _StopRecording(self)

    def reset(self):
        """Forget everything recorded so far."""
        cdef bint recording = self._recording
        if recording:
            self._pop()
        self._start()
        if recording:
            self._push()

    def _record_count(self):
        return 0 if self._records is None else sum(x is not None for x in self._records)

    cdef str _used_up(self):
        if self._failed:
            return ("The tape's block ended with an error, which freed its records; run the "
                    "computation again under a new tape.")
        return ("A non-persistent GradientTape can only be used to compute one set of gradients "
                "(or jacobians).")

    cdef int _begin(self, target, str unconnected) except -1:
        if unconnected not in ("none", "zero"):
            raise ValueError(f"unconnected_gradients must be 'none' or 'zero'. Received: "
                             f"{unconnected!r}")
        if self._records is None:
            raise RuntimeError(self._used_up())
        if target is None:
            raise TypeError("Argument `target` should be a Tensor or a nested structure of "
                            "Tensors to be differentiated. Received: None")
        if self._recording and not self._persistent:
            self._pop()
        return 0

    def gradient(self, target, sources, output_gradients=None, unconnected_gradients="none"):
        """The gradients of `target` with respect to `sources`.

        Args:
            target: a Tensor, or a nested structure of them, whose gradients are added.
            sources: a Tensor or Variable, or a nested list, tuple or dict of them.
            output_gradients: the gradient of what follows for each target; None means ones.
            unconnected_gradients: "none" gives None for a source without influence on the target,
                "zero" gives zeros.

        Returns:
            A structure like `sources`.

        Raises:
            RuntimeError: if a tape that is not persistent was used before, or a Variable whose
                value is needed was changed after it was used.
        """
        cdef list targets = [], leaves = [], seeds = [], grads
        self._begin(target, unconnected_gradients)
        try:
            _flatten(target, targets)
            _flatten(sources, leaves)
            for x in targets:
                if not isinstance(x, Tensor):
                    raise TypeError(f"The target of a gradient must be a Tensor. Received: {x!r}")
                if not _float_kind(<Tensor>x):
                    warnings.warn(f"The dtype of a gradient's target must be floating. Received: "
                                  f"{x.dtype}", stacklevel=2)
            for x in leaves:
                if not isinstance(x, Tensor):
                    raise TypeError(f"The sources of a gradient must be Tensors or Variables. "
                                    f"Received: {x!r} (of type {type(x).__name__})")
            if output_gradients is None:
                seeds = [None] * len(targets)
            else:
                _flatten(output_gradients, seeds)
                if len(seeds) != len(targets):
                    raise ValueError(f"Expected {len(targets)} output gradients, one per target. "
                                     f"Received: {len(seeds)}")
            grads = _backward(self, targets, seeds, leaves, self._persistent)
        finally:
            if not self._persistent:
                self._clear()
        if unconnected_gradients == "zero":
            grads = [_wrap(np.zeros_like((<Tensor>x).data)) if g is None else g
                     for x, g in zip(leaves, grads)]
        if isinstance(sources, Tensor):
            return grads[0]
        return _pack(sources, iter(grads))

    def jacobian(self, target, sources, unconnected_gradients="none"):
        """The Jacobian of `target`, one backward pass per element of it.

        Args:
            target: a Tensor.
            sources: a Tensor or Variable, or a nested structure of them.
            unconnected_gradients: as for `gradient`.

        Returns:
            A structure like `sources` of tensors with shape `target.shape + source.shape`.
        """
        cdef list leaves = [], rows = [], result = []
        self._begin(target, unconnected_gradients)
        try:
            if not isinstance(target, Tensor):
                raise TypeError(f"The target of a jacobian must be a Tensor. Received: {target!r}")
            _flatten(sources, leaves)
            for x in leaves:
                if not isinstance(x, Tensor):
                    raise TypeError(f"The sources of a jacobian must be Tensors. Received: {x!r}")
            for i in range(target.size):
                seed = np.zeros(target.shape, target.dtype)
                seed.reshape(-1)[i] = 1
                rows.append(_backward(self, [target], [_wrap(seed)], leaves, True))
        finally:
            if not self._persistent:
                self._clear()
        for j, x in enumerate(leaves):
            parts = [row[j] for row in rows]
            if all(g is None for g in parts):
                result.append(_wrap(np.zeros(target.shape + x.shape, x.dtype))
                              if unconnected_gradients == "zero" else None)
                continue
            parts = [_wrap(np.zeros_like(x.data)) if g is None else g for g in parts]
            result.append(_bound["reshape"](_bound["stack"](parts), target.shape + x.shape))
        return result[0] if isinstance(sources, Tensor) else _pack(sources, iter(result))


@cython.final
cdef class _StopRecording:
    cdef GradientTape tape
    cdef bint was_recording

    def __init__(self, GradientTape tape):
        self.tape = tape

    def __enter__(self):
        self.tape._pop()

    def __exit__(self, kind, error, traceback):
        self.tape._push()
