"""Numbers, text, lists, dicts and arrays out of a pickle, without Python's unpickler.

Two of Keras's public data sets are pickles. A pickle is a program for a small machine; the
dangerous instructions are those that look up and call functions. This reader knows neither: it
fills in five names as signs for "array", "dtype" and "bytes", and anything else is an error.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np


class _Sign:
    """Stands for a name that a pickle may mention."""

    def __init__(self, name: str):
        self.name = name


class _Array:
    value: Any = None


class _DType:
    def __init__(self, code: str):
        self.value = code


_MARK = _Sign("mark")
_NAMES = {
    ("numpy.core.multiarray", "_reconstruct"): _Sign("array"),
    ("numpy._core.multiarray", "_reconstruct"): _Sign("array"),
    ("numpy", "ndarray"): _Sign("ndarray"),
    ("numpy", "dtype"): _Sign("dtype"),
    ("_codecs", "encode"): _Sign("bytes"),
}
_CODES = {"u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8", "b1", "O8"}


def read_plain(data: bytes, name: str) -> Any:
    """The value of a pickle of plain data.

    Args:
        data: The pickle.
        name: For messages.

    Raises:
        ValueError: it is damaged, or holds more than plain data.
    """
    try:
        return _finished(_run(data))
    except ValueError as error:
        raise ValueError(f"'{name}' cannot be read as plain data: {error}") from None
    except (IndexError, KeyError, TypeError, struct.error, AttributeError, MemoryError):
        raise ValueError(f"'{name}' cannot be read as plain data: it is damaged.") from None


def _finished(value: Any) -> Any:
    """The value with arrays in the places of their signs."""
    if isinstance(value, _Array):
        return value.value
    if isinstance(value, dict):
        return {k: _finished(v) for k, v in value.items()}
    if isinstance(value, (_Sign, _DType)):
        raise ValueError("it holds a name without its array")
    return value


def _run(data: bytes) -> Any:
    stack: list[Any] = []
    memo: dict[int, Any] = {}
    at = 0
    end = len(data)
    while at < end:
        code = data[at]
        at += 1
        # numbers first: there are millions of them
        if code == 0x4B:  # K, one byte
            stack.append(data[at])
            at += 1
        elif code == 0x4D:  # M, two bytes
            stack.append(data[at] | data[at + 1] << 8)
            at += 2
        elif code == 0x4A:  # J, four bytes
            stack.append(struct.unpack_from("<i", data, at)[0])
            at += 4
        elif code == 0x2E:  # the end
            return stack.pop()
        else:
            at = _step(chr(code), data, at, stack, memo)
    raise ValueError("it ends early")


def _pop_mark(stack: list) -> list:
    place = len(stack) - 1
    while stack[place] is not _MARK:
        place -= 1
        if place < 0:
            raise ValueError("it is damaged")
    items = stack[place + 1 :]
    del stack[place:]
    return items


def _take(data: bytes, at: int, size: int) -> bytes:
    if size < 0 or at + size > len(data):
        raise ValueError("it ends early")
    return data[at : at + size]


def _line(data: bytes, at: int) -> tuple[str, int]:
    end = data.index(b"\n", at)
    return data[at:end].decode("latin1"), end + 1


_SIZES = {"U": "B", "T": "<i", "C": "B", "B": "<I", "X": "<I", "\x8c": "B"}
_PUT = {"q": "B", "r": "<I"}
_GET = {"h": "B", "j": "<I"}
_EMPTY: dict[str, type] = {"]": list, "}": dict, ")": tuple}
_FIXED = {"N": None, "\x88": True, "\x89": False}


def _step(code: str, data: bytes, at: int, stack: list, memo: dict) -> int:
    """One instruction other than small numbers; returns the place of the next one."""
    if code in _PUT or code in _GET:
        shape = _PUT.get(code) or _GET[code]
        number = struct.unpack_from(shape, data, at)[0]
        if code in _PUT:
            memo[number] = stack[-1]
        else:
            stack.append(memo[number])
        return at + struct.calcsize(shape)
    if code in _SIZES:  # text and bytes with their length in front
        size = struct.unpack_from(_SIZES[code], data, at)[0]
        at += struct.calcsize(_SIZES[code])
        raw = _take(data, at, size)
        stack.append(raw.decode() if code in "X\x8c" else raw)
        return at + size
    if code in _EMPTY:
        stack.append(_EMPTY[code]())
    elif code in _FIXED:
        stack.append(_FIXED[code])
    elif code == "(":
        stack.append(_MARK)
    elif code in "es":  # appends, append of pairs
        if code == "e":
            items = _pop_mark(stack)
            _plain(stack[-1], list).extend(items)
        else:
            value, key = stack.pop(), stack.pop()
            _plain(stack[-1], dict)[key] = value
    elif code == "a":
        value = stack.pop()
        _plain(stack[-1], list).append(value)
    elif code == "u":
        items = _pop_mark(stack)
        _plain(stack[-1], dict).update(zip(items[::2], items[1::2], strict=True))
    elif code in "tld":
        items = _pop_mark(stack)
        made: Any = tuple(items) if code == "t" else items
        stack.append(dict(zip(items[::2], items[1::2], strict=True)) if code == "d" else made)
    elif code in "\x85\x86\x87":
        count = ord(code) - 0x84
        stack[-count:] = [tuple(stack[-count:])]
    elif code == "\x94":
        memo[len(memo)] = stack[-1]
    elif code == "G":
        stack.append(struct.unpack_from(">d", data, at)[0])
        at += 8
    elif code == "\x8a":  # a long number
        size = data[at]
        stack.append(int.from_bytes(_take(data, at + 1, size), "little", signed=True))
        at += 1 + size
    elif code == "I":
        text, at = _line(data, at)
        stack.append(text == "01" if text in ("00", "01") else int(text))
    elif code == "V":
        end = data.index(b"\n", at)
        stack.append(data[at:end].decode("raw-unicode-escape"))
        at = end + 1
    elif code == "L":
        text, at = _line(data, at)
        stack.append(int(text.rstrip("L")))
    elif code == "p":
        text, at = _line(data, at)
        memo[int(text)] = stack[-1]
    elif code == "g":
        text, at = _line(data, at)
        stack.append(memo[int(text)])
    elif code == "\x80":
        at += 1
    elif code == "\x95":
        at += 8
    elif code in "c\x93":
        if code == "c":
            module, at = _line(data, at)
            name, at = _line(data, at)
        else:
            name, module = stack.pop(), stack.pop()
        if (module, name) not in _NAMES:
            raise ValueError(f"it asks for {module}.{name}, which is no plain data")
        stack.append(_NAMES[module, name])
    elif code == "R":
        arguments, sign = stack.pop(), stack.pop()
        stack.append(_make(sign, arguments))
    elif code == "b":
        state = stack.pop()
        _set_state(stack[-1], state)
    else:
        raise ValueError(f"it has the instruction {code!r}, which plain data does not need")
    return at


def _plain(value: Any, kind: type) -> Any:
    if type(value) is not kind:
        raise ValueError("it is damaged")
    return value


def _make(sign: Any, arguments: tuple) -> Any:
    kind = sign.name if isinstance(sign, _Sign) else ""
    if kind == "array":
        return _Array()
    if kind == "dtype":
        code = arguments[0].decode() if isinstance(arguments[0], bytes) else arguments[0]
        if code not in _CODES:
            raise ValueError(f"it holds an array of {code!r}")
        return _DType(code)
    if kind == "bytes" and isinstance(arguments[0], str):
        return arguments[0].encode("latin1")
    raise ValueError("it calls something, which plain data does not need")


def _set_state(target: Any, state: Any) -> None:
    if isinstance(target, _DType):
        order = state[1].decode() if isinstance(state[1], bytes) else state[1]
        if order in ("<", ">") and target.value != "O8":
            target.value = order + target.value
        return
    if not isinstance(target, _Array):
        raise ValueError("it is damaged")
    _, shape, dtype, fortran, content = state
    count = int(np.prod(shape, dtype=object))
    if dtype.value == "O8":
        if type(content) is not list or len(content) != count:
            raise ValueError("an array has another size than it says")
        flat = np.empty(count, object)
        flat[:] = content
    else:
        kind = np.dtype(dtype.value)
        if type(content) is not bytes or len(content) != count * kind.itemsize:
            raise ValueError("an array has another size than it says")
        flat = np.frombuffer(content, kind)
    target.value = flat.reshape(shape, order="F" if fortran else "C")
