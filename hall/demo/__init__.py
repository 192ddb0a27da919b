"""The demo: an invented congregation that has lived for a while, and goes on living."""

from hall.demo.filling import fill
from hall.demo.going_on import live
from hall.demo.removing import remove

__all__ = ["fill", "live", "remove"]
