# Variable. Part of _tape.pyx.

cdef long long _clock = 0           # ticks whenever some Variable changes


cdef class Variable(Tensor):
    """A tensor whose values can be changed in place: the weights of a model.

    Args:
        initializer: the values (copied), or a callable `(shape, dtype=...)` that makes them.
        shape: with a callable initializer, the shape.
        dtype: None keeps the dtype of an array; Python numbers become float32.
        trainable: whether tapes watch it by themselves and optimizers update it.
        name: a name for messages and summaries.

    Raises:
        TypeError: for a dtype other than float32, float64, integers and bool.

    Source: `keras.Variable`.

    >>> import minidl
    >>> w = minidl.Variable([1.0, 2.0], name="w")
    >>> _ = w.assign_add([1.0, 1.0])
    >>> w.numpy()
    array([2., 3.], dtype=float32)
    """
    cdef public object name
    cdef public object path
    cdef public bint trainable
    cdef readonly long long version  # how often it was changed
    cdef long long _changed          # the clock at the last change
    cdef public object constraint, regularizer
    cdef dict __dict__

    def __init__(self, initializer, shape=None, dtype=None, trainable=True, name=None, path=None):
        dtype = None if dtype is None else np.dtype(dtype)
        if callable(initializer) and not isinstance(initializer, Tensor):
            if shape is None:
                raise ValueError("A Variable with a callable initializer needs a shape.")
            initializer = initializer(shape, dtype=(dtype or _default_float).name)
        array = as_tensor(initializer, dtype).data
        if shape is not None and tuple(shape) != array.shape:
            raise ValueError(f"Expected an initial value of shape {tuple(shape)}. Received: "
                             f"{array.shape}")
        # The memory is the variable's own, and contiguous for the optimizers.
        self.data = _check_array(np.array(array, dtype=dtype, order="C", copy=True))
        self.trainable = bool(trainable)
        self.name = "variable" if name is None else name
        self.path = self.name if path is None else path

    @property
    def value(self):
        """The present values as a Tensor: a copy that later changes leave alone."""
        return _bound["copy"](self)

    def numpy(self):
        """A copy of the present values."""
        return self.data.copy()

    def __dlpack__(self, **kwargs):
        return self.data.copy().__dlpack__(**kwargs)

    cdef object _incoming(self, object value, str method):
        array = as_tensor(value, self.data.dtype).data
        if array.shape != self.data.shape:
            raise ValueError(
                f"Variable.{method}: the value must have the shape of variable '{self.path}', "
                f"{self.data.shape}. Received a value of shape {array.shape}."
            )
        if array.dtype.kind == "f" and self.data.dtype.kind != "f":
            raise TypeError(f"Variable.{method}: '{self.path}' holds {self.data.dtype}. Received "
                            f"values of dtype {array.dtype}.")
        return array

    def assign(self, value):
        """Replace the values in place by `value`, of the same shape. Returns the variable."""
        np.copyto(self.data, self._incoming(value, "assign"), casting="unsafe")
        self._bump_version()
        return self

    def assign_add(self, value):
        """Add `value`, of the same shape, in place. Returns the variable."""
        array = self._incoming(value, "assign_add")
        np.add(self.data, array, out=self.data, casting="unsafe")
        self._bump_version()
        return self

    def assign_sub(self, value):
        """Subtract `value`, of the same shape, in place. Returns the variable."""
        array = self._incoming(value, "assign_sub")
        np.subtract(self.data, array, out=self.data, casting="unsafe")
        self._bump_version()
        return self

    def _bump_version(self):
        """Note that `data` was changed in place, so that tapes can tell."""
        global _clock
        _clock += 1
        self._changed = _clock
        self.version += 1

    def __repr__(self):
        return (f"<Variable path={self.path}, shape={self.data.shape}, "
                f"dtype={self.data.dtype.name}, value={self.data}>")

    def __reduce__(self):
        return _rebuild_variable, (self.data, self.trainable, self.name, self.path,
                                   vars(self))

    def __copy__(self):
        raise TypeError("A Variable cannot share its values with a copy; use copy.deepcopy.")

    def __deepcopy__(self, memo):
        return Variable(self.data, trainable=self.trainable, name=self.name, path=self.path)


def _rebuild_variable(data, trainable, name, path, attributes):
    variable = Variable(data, trainable=trainable, name=name, path=path)
    vars(variable).update(attributes)
    return variable
