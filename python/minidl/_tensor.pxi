# Tensor. Part of _tape.pyx.

cdef object _FLOAT32 = np.dtype("float32")
cdef object _FLOAT64 = np.dtype("float64")
cdef object _INT32 = np.dtype("int32")
cdef object _default_float = _FLOAT32
_SUPPORTED = frozenset("?bhilqBHILQfd")

# Functions that `minidl.ops` gives to the methods of Tensor; see `bind`.
cdef dict _bound = {}
cdef BinaryOp _add = None, _subtract = None, _multiply = None, _divide = None


def bind(**functions):
    """Let the operators and methods of Tensor use these functions of `minidl.ops`."""
    global _add, _subtract, _multiply, _divide
    _bound.update(functions)
    _add, _subtract = _bound.get("add"), _bound.get("subtract")
    _multiply, _divide = _bound.get("multiply"), _bound.get("divide")


def set_default_float(dtype):
    """Set the dtype that Python floats take when no other operand decides it."""
    global _default_float
    dtype = np.dtype(dtype)
    if dtype not in (_FLOAT32, _FLOAT64):
        raise ValueError(f"The default float dtype must be float32 or float64. Received: {dtype}")
    _default_float = dtype


cdef inline Tensor _wrap(object array):
    cdef Tensor tensor = Tensor.__new__(Tensor)
    tensor.data = array
    return tensor


cdef inline Tensor _wrap_result(object array):
    # NumPy gives scalars where an array without axes was wanted.
    return _wrap(array if cnp.PyArray_Check(array) else np.asarray(array))


cdef inline bint _same_shape(object a, object b) noexcept:
    cdef int i, n = cnp.PyArray_NDIM(<cnp.ndarray>a)
    if n != cnp.PyArray_NDIM(<cnp.ndarray>b):
        return False
    for i in range(n):
        if cnp.PyArray_DIM(<cnp.ndarray>a, i) != cnp.PyArray_DIM(<cnp.ndarray>b, i):
            return False
    return True


cdef inline int _float_kind(Tensor x) noexcept:
    """The type number when `x` is float32 or float64, else 0 (bool)."""
    if not cnp.PyArray_Check(x.data):
        return 0
    cdef int kind = cnp.PyArray_TYPE(<cnp.ndarray>x.data)
    return kind if kind == cnp.NPY_FLOAT or kind == cnp.NPY_DOUBLE else 0


@cython.no_gc
@cython.freelist(256)
cdef class Tensor:
    """An immutable n-dimensional array that a GradientTape can follow.

    Args:
        data: an array, numbers or nested lists of numbers. Arrays are not copied.
        dtype: the dtype to convert to; None keeps the array's (Python floats: float32).

    Source: `keras.KerasTensor` by name, `tf.Tensor` by behaviour.

    >>> import minidl
    >>> x = minidl.Tensor([[1.0, 2.0]])
    >>> x.shape, x.dtype.name
    ((1, 2), 'float32')
    >>> (x * 2 + 1).numpy()
    array([[3., 5.]], dtype=float32)
    """
    cdef readonly object data       # numpy.ndarray
    cdef long long _serial          # the tape that knows this tensor, 0 for none ...
    cdef Py_ssize_t _node           # ... and its place there
    cdef bint _is_leaf              # that entry also stands in the tape's own dict
    cdef bint _watched              # some tape has this tensor as a leaf
    cdef dict _others               # further tapes that recorded it: serial -> place
    cdef public Tensor _logits      # set on the output of softmax
    # of an output: relu made it; of a gradient: it is zero already where that relu's output is
    cdef public bint _rectified
    cdef public object _keras_mask  # which steps count, for the layers behind; None for all
    cdef object __weakref__

    __array_priority__ = 1000       # so that ndarray + Tensor is a Tensor

    def __init__(self, data, dtype=None):
        array = as_tensor(data, None if dtype is None else np.dtype(dtype)).data
        if dtype is not None:
            array = _check_array(array.astype(dtype, copy=False))
        self.data = array

    @property
    def shape(self):
        """The shape, a tuple of int."""
        return self.data.shape

    @property
    def dtype(self):
        """The NumPy dtype; compares equal to its name."""
        return self.data.dtype

    @property
    def ndim(self):
        """The number of axes."""
        return self.data.ndim

    @property
    def size(self):
        """The number of elements."""
        return self.data.size

    @property
    def nbytes(self):
        """The number of bytes of the elements."""
        return self.data.nbytes

    @property
    def T(self):
        """The tensor with its axes reversed."""
        return _bound["transpose"](self)

    def numpy(self):
        """The values as a read-only array without a copy (a Variable: a copy)."""
        view = self.data.view()
        view.flags.writeable = False
        return view

    def __array__(self, dtype=None, copy=None):
        array = self.numpy()
        if copy:
            return np.array(array, dtype=dtype)
        if dtype is None or np.dtype(dtype) == array.dtype:
            return array
        if copy is False:
            raise ValueError(f"A copy is needed to turn {array.dtype} into {np.dtype(dtype)}.")
        return array.astype(dtype)

    def __dlpack__(self, **kwargs):
        return self.data.__dlpack__(**kwargs)

    def __dlpack_device__(self):
        return self.data.__dlpack_device__()

    def item(self):
        """The only element as a Python number."""
        return self.data.item()

    def tolist(self):
        """The values as nested lists of Python numbers."""
        return self.data.tolist()

    def reshape(self, *shape):
        """The same values in another shape; see `minidl.ops.reshape`."""
        return _bound["reshape"](self, shape[0] if len(shape) == 1 else shape)

    def astype(self, dtype):
        """The values in another dtype; see `minidl.ops.cast`."""
        return _bound["cast"](self, dtype)

    def __len__(self):
        if self.data.ndim == 0:
            raise TypeError("len() of a tensor without axes")
        return self.data.shape[0]

    def __getitem__(self, key):
        return _bound["getitem"](self, key)

    def __setitem__(self, key, value):
        raise TypeError(
            "Tensors cannot be changed in place. Build a new one, e.g. with minidl.ops.where, or "
            "use Variable.assign."
        )

    def __iter__(self):
        if self.data.ndim == 0:
            raise TypeError("iteration over a tensor without axes")
        return (self[i] for i in range(self.data.shape[0]))

    def __contains__(self, value):
        return bool((self.data == (value.data if isinstance(value, Tensor) else value)).any())

    def __float__(self):
        return float(self.data.item())

    def __int__(self):
        return int(self.data.item())

    def __index__(self):
        if self.data.ndim or self.data.dtype.kind not in "iu":
            raise TypeError("only an integer tensor without axes can be used as an index")
        return self.data.item()

    def __bool__(self):
        return bool(self.data)

    def __hash__(self):
        return <Py_hash_t>(<size_t><PyObject*>self >> 4)

    def __format__(self, spec):
        return format(self.data.item() if spec and self.data.size == 1 else self.data, spec)

    def __repr__(self):
        text = np.array2string(self.data, separator=", ", prefix="Tensor(")
        return f"Tensor({text}, shape={self.data.shape}, dtype={self.data.dtype.name})"

    def __reduce__(self):
        return Tensor, (self.data,)

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        return _wrap(self.data.copy())

    def __add__(self, other):
        return _add.apply(self, other)

    def __radd__(self, other):
        return _add.apply(other, self)

    def __sub__(self, other):
        return _subtract.apply(self, other)

    def __rsub__(self, other):
        return _subtract.apply(other, self)

    def __mul__(self, other):
        return _multiply.apply(self, other)

    def __rmul__(self, other):
        return _multiply.apply(other, self)

    def __truediv__(self, other):
        return _divide.apply(self, other)

    def __rtruediv__(self, other):
        return _divide.apply(other, self)

    def __floordiv__(self, other):
        return _bound["floor_divide"](self, other)

    def __rfloordiv__(self, other):
        return _bound["floor_divide"](other, self)

    def __mod__(self, other):
        return _bound["mod"](self, other)

    def __rmod__(self, other):
        return _bound["mod"](other, self)

    def __pow__(self, other, modulo):
        if modulo is not None:
            raise TypeError("pow() of tensors takes no modulus")
        return _bound["power"](self, other)

    def __rpow__(self, other, modulo):
        return _bound["power"](other, self)

    def __matmul__(self, other):
        return _bound["matmul"](self, other)

    def __rmatmul__(self, other):
        return _bound["matmul"](other, self)

    def __neg__(self):
        return _bound["negative"](self)

    def __pos__(self):
        return self

    def __abs__(self):
        return _bound["absolute"](self)

    def __invert__(self):
        return _wrap(np.invert(self.data))

    def __and__(self, other):
        return _wrap(np.asarray(self.data & as_tensor(other).data))

    def __or__(self, other):
        return _wrap(np.asarray(self.data | as_tensor(other).data))

    def __xor__(self, other):
        return _wrap(np.asarray(self.data ^ as_tensor(other).data))

    def __eq__(self, other):
        return _compare(np.equal, self, other)

    def __ne__(self, other):
        return _compare(np.not_equal, self, other)

    def __lt__(self, other):
        return _compare(np.less, self, other)

    def __le__(self, other):
        return _compare(np.less_equal, self, other)

    def __gt__(self, other):
        return _compare(np.greater, self, other)

    def __ge__(self, other):
        return _compare(np.greater_equal, self, other)
