"""A bare config may compute its values; names that begin with an underscore stay its own."""

import math  # imported modules aren't captured

_thousands = 5

darts = _thousands * 1000
seed = math.isqrt(darts)
