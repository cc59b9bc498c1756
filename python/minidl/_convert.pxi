# How arguments become tensors, and which dtypes meet. Part of _tape.pyx.

cdef inline bint _is_weak(object x):
    """Python and NumPy scalars take the dtype of what they meet."""
    return isinstance(x, (int, float, np.generic))


cdef object _check_array(object array):
    """A native ndarray of a dtype that minidl knows, else TypeError."""
    if array.dtype.char not in _SUPPORTED:
        raise TypeError(
            f"minidl has no tensors of dtype {array.dtype}; it knows float32, float64, integers and "
            "bool. Convert the array first, e.g. with array.astype('float32')."
        )
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    return array


cdef object _to_array(object x, object like):
    """`x` as an ndarray; numbers without a dtype of their own take `like`, or the default."""
    if type(x) is np.ndarray:
        return _check_array(x)
    if _is_weak(x) or isinstance(x, (list, tuple)):
        if isinstance(x, (list, tuple)) and any(isinstance(e, Tensor) for e in x):
            return np.stack([(<Tensor>as_tensor(e)).data for e in x])
        try:
            array = np.asarray(x)
        except ValueError as error:
            raise ValueError(f"A tensor must be rectangular. Received: {x!r}") from error
        array = _check_array(array)
        typed = isinstance(x, (list, tuple)) and _holds_arrays(x)
        if typed:
            return array
        if like is not None and (like.kind == "f" or array.dtype.kind != "f"):
            if like.kind != "b" or array.dtype.kind == "b":
                return array.astype(like)
        if array.dtype.kind == "f":
            return array.astype(_default_float)
        if array.dtype.kind == "i" and not isinstance(x, np.generic):
            small = array.astype(_INT32)
            return small if (small == array).all() else array
        return array
    if isinstance(x, np.ndarray):
        return _check_array(np.asarray(x))
    if x is None or isinstance(x, (str, bytes, complex)):
        raise TypeError(f"Expected a tensor or numbers. Received: {x!r} (of type {type(x).__name__})")
    if hasattr(x, "__array__"):
        return _check_array(np.asarray(x))
    if hasattr(x, "__dlpack__"):
        return _check_array(np.from_dlpack(x))
    array = np.asarray(x)
    if array.dtype.kind == "O":
        raise TypeError(f"Expected a tensor or numbers. Received: {x!r} (of type {type(x).__name__})")
    return _check_array(array)


cdef bint _holds_arrays(object x):
    """Whether a nested list holds arrays or NumPy scalars, whose dtype then counts."""
    for element in x:
        if isinstance(element, (np.ndarray, np.generic)):
            return True
        if isinstance(element, (list, tuple)) and _holds_arrays(element):
            return True
    return False


cpdef Tensor as_tensor(object x, object like=None):
    """`x` as a Tensor, without copying arrays.

    Numbers without a dtype (Python and NumPy scalars, lists) take `like`, a dtype; without it
    floats become float32 (`config.floatx()`) and integers int32, as in Keras.
    """
    if isinstance(x, Tensor):
        return <Tensor>x
    return _wrap(_to_array(x, like))


cpdef Tensor as_float(object x):
    """`x` as a float32 or float64 Tensor; integers and bools become the default float."""
    cdef Tensor tensor = as_tensor(x)
    if not _float_kind(tensor):
        tensor = _wrap(tensor.data.astype(_default_float))
    return tensor


def as_floats(*values, optional=()):
    """All `values`, and those of `optional` that are not None, as Tensors of one float dtype.

    float32 beside float64 is a TypeError; integers, bools and scalars take the floats' dtype.
    """
    cdef object dtype = None
    cdef Tensor tensor
    cdef Py_ssize_t i, required = len(values)
    values = values + tuple(optional)
    for x in values:
        if isinstance(x, (Tensor, np.ndarray)) and x.dtype.kind == "f":
            if dtype is None:
                dtype = x.dtype
            elif x.dtype.num != dtype.num:
                raise _mixed(dtype, x.dtype)
    dtype = _default_float if dtype is None else dtype.newbyteorder("=")
    result = []
    for i, x in enumerate(values):
        if x is not None or i < required:
            tensor = as_tensor(x, dtype)
            if tensor.data.dtype.num != dtype.num:
                if tensor.data.dtype.kind == "f":
                    raise _mixed(dtype, tensor.data.dtype)
                tensor = _wrap(tensor.data.astype(dtype))
            x = tensor
        result.append(x)
    return result


def _mixed(a, b):
    a, b = np.dtype(a).name, np.dtype(b).name
    return TypeError(
        f"Arguments of dtype {a} and {b} do not mix: minidl neither narrows nor widens floats "
        "silently; cast one with minidl.ops.cast."
    )


cdef tuple _pair(object x1, object x2):
    """Both operands of an arithmetic op as Tensors of one dtype."""
    cdef Tensor a, b
    cdef bint weak1 = not isinstance(x1, (Tensor, np.ndarray))
    cdef bint weak2 = not isinstance(x2, (Tensor, np.ndarray))
    a = as_tensor(x1, x2.dtype if weak1 and not weak2 else None)
    b = as_tensor(x2, a.data.dtype if weak2 else None)
    kind1, kind2 = a.data.dtype.kind, b.data.dtype.kind
    if kind1 == "f" or kind2 == "f":
        if kind1 == kind2:
            if a.data.dtype.num != b.data.dtype.num:
                raise _mixed(a.data.dtype, b.data.dtype)
        elif kind1 == "f":
            b = _wrap(b.data.astype(a.data.dtype))
        else:
            a = _wrap(a.data.astype(b.data.dtype))
    return a, b


def pair(x1, x2):
    """`x1` and `x2` as Tensors of one dtype by the rules of arithmetic."""
    return _pair(x1, x2)


cdef object _compare(object function, Tensor x, object other):
    if other is None or isinstance(other, (str, bytes)):
        return NotImplemented
    if not isinstance(other, Tensor) and _is_weak(other):
        return _wrap(np.asarray(function(x.data, other)))
    a, b = _pair(x, other)
    return _wrap(np.asarray(function((<Tensor>a).data, (<Tensor>b).data)))
