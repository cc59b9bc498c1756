# The backward pass: append order is a topological order, so one loop over the records, last first,
# gives all gradients. Part of _tape.pyx.

cdef list _backward(GradientTape tape, list targets, list seeds, list sources, bint keep):
    """The gradients of all `sources`: mark what depends on them, then one loop backwards."""
    cdef Py_ssize_t i, j, place, top = -1, lowest = -1
    cdef list records = tape._records, grads, places = []
    cdef Tensor x
    cdef _Record entry
    cdef char* marks
    for source in sources:
        place = _lookup(<Tensor>source, tape)
        places.append(place)
        if place >= 0 and (lowest < 0 or place < lowest):
            lowest = place
    for target in targets:
        top = max(top, _lookup(<Tensor>target, tape))
    if lowest < 0 or top < lowest:
        return [None] * len(sources)
    grads = [None] * (top + 1)
    for target, seed in zip(targets, seeds):
        x = <Tensor>target
        place = _lookup(x, tape)
        if place < 0 or not _float_kind(x):
            continue
        seed = _seed(x, seed)
        grads[place] = seed if grads[place] is None else _add.apply(grads[place], seed)
    # Marks: 1 depends on a source, 2 is one.
    marks = <char*>calloc(top + 1, 1)
    if marks == NULL:
        raise MemoryError()
    try:
        for place in places:
            if 0 <= place <= top:
                marks[place] = 3
        for i in range(lowest, top + 1):
            if records[i] is None:
                continue
            entry = <_Record>records[i]
            for j in range(entry.inputs):
                if entry.parents[j] >= 0 and marks[entry.parents[j]]:
                    for place in range(i, min(i + entry.outputs, top + 1)):
                        marks[place] |= 5
                    break
        for i in range(top, lowest - 1, -1):
            if marks[i] & 4 and records[i] is not None:
                profiler = _profiler
                if profiler is None or (<_Record>records[i]).scope is None:
                    _step(<_Record>records[i], i, top, grads, marks)
                else:
                    with profiler.within((<_Record>records[i]).scope):
                        _step(<_Record>records[i], i, top, grads, marks)
                if not keep:
                    records[i] = None
        return [None if place < 0 or place > top else grads[place] for place in places]
    finally:
        free(marks)


cdef int _step(_Record entry, Py_ssize_t i, Py_ssize_t top, list grads,
               char* marks) except -1:
    """Pass the gradient at place `i` on to the inputs of the op recorded there."""
    cdef Py_ssize_t j, place
    cdef object dy, g, everything = None
    if entry.outputs == 1:
        dy = grads[i]
        if dy is None:
            return 0
        if not marks[i] & 2:
            grads[i] = None
    else:
        dy = tuple([grads[j] if j <= top else None for j in range(i, i + entry.outputs)])
        if dy.count(None) == entry.outputs:
            return 0
    if entry.holds_variable:
        _check_unchanged(entry)
    place = entry.parents[0]
    minidl_set_wanted(entry.inputs != 1 or (place >= 0 and marks[place] & 2))
    if not isinstance(entry.gradients, tuple):
        everything = _call(entry.gradients, dy, entry.context)
    for j in range(entry.inputs):
        place = entry.parents[j]
        if place < 0 or not marks[place]:
            continue
        if everything is not None:
            g = everything[j]
        else:
            g = (<tuple>entry.gradients)[j]
            if g is _IDENTITY:
                g = dy
            elif g is not None:
                g = _call(g, dy, entry.context)
        if g is None:
            continue
        if not isinstance(g, Tensor):
            g = as_tensor(g)
        if entry.shapes is not None and (<Tensor>g).data.shape != entry.shapes[j]:
            g = _bound["sum_to"](g, entry.shapes[j])
        grads[place] = g if grads[place] is None else _add.apply(grads[place], g)
    return 0


cdef object _call(object function, object dy, tuple context):
    cdef Py_ssize_t n = len(context)
    if n == 0:
        return function(dy)
    if n == 1:
        return function(dy, context[0])
    if n == 2:
        return function(dy, context[0], context[1])
    return function(dy, *context)


cdef int _check_unchanged(_Record entry) except -1:
    for x in entry.context:
        if isinstance(x, Variable) and (<Variable>x)._changed > entry.clock:
            raise RuntimeError(
                f"Variable '{(<Variable>x).path}' was changed in place after it was used under "
                "the tape, and the gradient needs its old value. Call tape.gradient before "
                "assign or optimizer.apply, or compute with variable.value."
            )
    return 0


cdef Tensor _seed(Tensor target, object seed):
    if seed is None:
        return _wrap(np.ones(target.data.shape, target.data.dtype))
    seed = as_tensor(seed, target.data.dtype)
    if seed.shape != target.data.shape:
        raise ValueError(f"An output gradient must have the shape of its target, "
                         f"{target.data.shape}. Received: {seed.shape}")
    if seed.dtype != target.data.dtype:
        raise _mixed(target.data.dtype, seed.dtype)
    return seed
