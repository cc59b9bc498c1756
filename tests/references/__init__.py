"""Naive NumPy versions of every kernel, in float64: what the kernels are measured against.

One module per kernel family, one function per kernel, with the kernel's own name and arguments.
They are written from the definitions, not from the kernels: loops over taps, windows and
channels, no blocking, no cleverness.
"""
