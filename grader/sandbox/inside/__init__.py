"""What runs inside the room, and what both sides of the wire share.

This package is copied into the room under the name `autograd_room`. It knows nobody but the
standard library, NumPy and IPython; `autograd_lib` only once somebody has imported that.
"""
