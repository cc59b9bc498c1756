"""Helpers to test one's own layers and ops."""

from minidl.testing.gradients import check_gradients

__all__ = ["check_gradients"]
