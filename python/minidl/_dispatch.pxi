# How the functions of minidl.ops meet symbolic tensors. Part of _tape.pyx.

cdef object _symbolic_type = None   # the class of symbolic tensors, once there is one
cdef object _symbolic_call = None


def register_symbolic(kind, handler):
    """Let every `Op` called on an instance of `kind` return `handler(op, args, kwargs)`."""
    global _symbolic_type, _symbolic_call
    _symbolic_type, _symbolic_call = kind, handler


cdef bint _holds_symbolic(object x) except -1:
    if type(x) is _symbolic_type:
        return True
    if isinstance(x, (list, tuple)):
        for entry in x:
            if _holds_symbolic(entry):
                return True
    return False


@cython.final
cdef class Op:
    """A function of `minidl.ops` that becomes a node of a graph when called on symbolic tensors.

    Args:
        function: the function on real tensors.
    """
    cdef readonly object function
    cdef dict __dict__
    cdef object __weakref__

    def __init__(self, function):
        self.function = function
        self.__wrapped__ = function
        self.__name__ = self.__qualname__ = function.__name__
        self.__doc__ = function.__doc__
        self.__module__ = "minidl.ops"

    def __call__(self, *args, **kwargs):
        cdef Py_ssize_t i
        if _symbolic_type is not None:
            for i in range(len(args)):
                x = args[i]
                if type(x) is not Tensor and _holds_symbolic(x):
                    return _symbolic_call(self, args, kwargs)
            if kwargs:
                for x in kwargs.values():
                    if _holds_symbolic(x):
                        return _symbolic_call(self, args, kwargs)
                return PyObject_Call(self.function, args, kwargs)
        return PyObject_CallObject(self.function, args)

    def __repr__(self):
        return f"<op {self.__name__}>"

    def __reduce__(self):
        return self.__name__
