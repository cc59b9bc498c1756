# Nested lists, tuples and dicts of tensors. Part of _tape.pyx.

cdef int _flatten(object structure, list leaves) except -1:
    if isinstance(structure, (list, tuple)):
        for x in structure:
            _flatten(x, leaves)
    elif isinstance(structure, dict):
        for key in structure:
            _flatten(structure[key], leaves)
    else:
        leaves.append(structure)
    return 0


cdef object _pack(object structure, object leaves):
    """A structure like `structure` with its leaves replaced by the next ones of an iterator."""
    if isinstance(structure, tuple) and hasattr(structure, "_fields"):
        return type(structure)(*[_pack(x, leaves) for x in structure])
    if isinstance(structure, (list, tuple)):
        items = [_pack(x, leaves) for x in structure]
        return items if isinstance(structure, list) else tuple(items)
    if isinstance(structure, dict):
        return {key: _pack(value, leaves) for key, value in structure.items()}
    return next(leaves)
