"""What each exit costs: multiply-accumulates (MACs) and parameters.

One MAC is one multiplication and its addition, for one sample; papers print the same number as
"FLOPs". Convolutions, linear layers and the products of attention are counted; biases,
normalization, activations, pooling and everything that works element by element count as 0. Layers
are counted by the rules of `MAC_RULES`; a layer without a rule (most custom layers) is counted from
the graph that it traces. `by_layer` says which was counted how. The op counter that MSDNet's
published tables are made with counts more, see `profile`.
"""

from ann.costs.count import count_macs
from ann.costs.profile import by_layer, depths, profile
from ann.costs.rules import MAC_RULES

__all__ = ["MAC_RULES", "by_layer", "count_macs", "depths", "profile"]
