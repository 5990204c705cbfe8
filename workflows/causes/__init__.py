"""
Why breaks come by the dozen: columns in, findings out, and no Django.

A *signature* is a form that differences share (a factor, a shift, the commission to the cent), a
*concentration* a place that holds more breaks than its trades explain. Both are told by how much
of what could show them does, tested against accident and corrected for all that was tried.
"""

from workflows.causes.finding import Finding
from workflows.causes.inputs import Desk, Rate
from workflows.causes.looking import Looked, look

__all__ = ["Desk", "Finding", "Looked", "Rate", "look"]
