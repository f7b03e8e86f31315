"""`keras.ops`, imported when a scheme first computes.

Names, settings and flags of the schemes can be read without the seconds that a framework takes to
import.
"""


class _Ops:
    def __getattr__(self, name):
        from keras import ops

        return getattr(ops, name)


ops = _Ops()
