"""The MSDNet of `ann.models.msdnet` (prune "max") in PyTorch, for comparison.

With the same weights, both compute the same outputs.
"""

import itertools
import math

import torch
from torch import nn

from benchmarks.torch_weights import copy_convolution, copy_linear, copy_normalization


class ConvBNReLU(nn.Sequential):
    """Convolution without bias and with the same padding on all sides, followed by BN and ReLU.

    `name` is the name of the corresponding Keras layers.
    """

    def __init__(self, inputs, outputs, size=3, stride=1, *, name):
        super().__init__(
            nn.Conv2d(inputs, outputs, size, stride=stride, padding=size // 2, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
        )
        self.name = name


class Stem(nn.Module):
    """Computes all scales from the images."""

    def __init__(self, channels, large):
        super().__init__()
        first = ConvBNReLU(3, channels[0], 7 if large else 3, 2 if large else 1, name="stem_0")
        self.first = nn.Sequential(first, nn.MaxPool2d(3, 2, 1)) if large else first
        pairs = itertools.pairwise(channels)
        self.coarser = nn.ModuleList(
            ConvBNReLU(a, b, 3, 2, name=f"stem_{i}") for i, (a, b) in enumerate(pairs, start=1)
        )

    def forward(self, x):
        maps = [self.first(x)]
        for scale in self.coarser:
            maps.append(scale(maps[-1]))
        return maps


class Layer(nn.Module):
    """A dense layer over scales.

    If there are fewer `growths` than maps, the finest maps are used only by the next scale.
    """

    def __init__(self, channels, growths, factors, name):
        super().__init__()
        self.dropped = len(channels) - len(growths)
        self.branches = nn.ModuleList()
        for index, growth in enumerate(growths, start=self.dropped):
            sources = [(index, 1, "same")]
            if index > 0:
                sources.insert(0, (index - 1, 2, "down"))
            outputs = growth // len(sources)
            self.branches.append(
                nn.ModuleList(
                    _branch(channels[i], outputs, factors[i], stride, f"{name}_{index}_{edge}")
                    for i, stride, edge in sources
                )
            )

    def forward(self, maps):
        outputs = []
        for index, branches in enumerate(self.branches, start=self.dropped):
            sources = maps[max(index - 1, 0) : index + 1]
            new = [branch(x) for branch, x in zip(branches, sources, strict=True)]
            outputs.append(torch.cat([maps[index], *new], 1))
        return outputs


def _branch(inputs, outputs, factor, stride, name):
    width = min(inputs, factor * outputs)
    return nn.Sequential(
        ConvBNReLU(inputs, width, 1, name=f"{name}_1"),
        ConvBNReLU(width, outputs, 3, stride, name=f"{name}_2"),
    )


class Transition(nn.ModuleList):
    """A 1x1 convolution of each map."""

    def __init__(self, inputs, outputs, name):
        pairs = zip(inputs, outputs, strict=True)
        super().__init__(
            ConvBNReLU(a, b, 1, name=f"{name}_{scale}") for scale, (a, b) in enumerate(pairs)
        )

    def forward(self, maps):
        return [convolution(x) for convolution, x in zip(self, maps, strict=True)]


class Head(nn.Module):
    """Two 3x3 convolutions with stride 2 on the coarsest map, pooling, and a linear layer."""

    def __init__(self, inputs, width, num_classes):
        super().__init__()
        self.convolutions = nn.Sequential(
            ConvBNReLU(inputs, width, 3, 2, name="head_0"),
            ConvBNReLU(width, width, 3, 2, name="head_1"),
        )
        self.linear = nn.Linear(width, num_classes)

    def forward(self, maps):
        return self.linear(self.convolutions(maps[-1]).mean((2, 3)))


class MSDNet(nn.Module):
    """Returns the list of logits. The arguments are those of `ann.models.msdnet`."""

    def __init__(
        self, *, steps, growth, channels, factors, head_width=None, num_classes, input_shape
    ):
        super().__init__()
        scales = len(factors)
        interval = math.ceil(sum(steps) / scales)
        self.stem = Stem([channels * factor for factor in factors], large=input_shape[0] >= 64)
        self.blocks = nn.ModuleList()
        self.heads = nn.ModuleList()
        index = 0
        live = scales
        for length in steps:
            block = nn.Sequential()
            for _ in range(length):
                name = f"layer_{index:02d}"
                before = factors[-live:]
                live = scales - index // interval
                after = factors[-live:]
                block.append(
                    Layer([channels * f for f in before], [growth * f for f in after], before, name)
                )
                channels += growth
                if len(before) > live:
                    inputs = [channels * f for f in after]
                    channels //= 2
                    outputs = [channels * f for f in after]
                    block.append(Transition(inputs, outputs, f"{name}_transition"))
                index += 1
            self.blocks.append(block)
            inputs = channels * factors[-1]
            self.heads.append(Head(inputs, head_width or inputs, num_classes))

    def forward(self, x):
        logits, maps = [], self.stem(x)
        for block, head in zip(self.blocks, self.heads, strict=True):
            maps = block(maps)
            logits.append(head(maps))
        return logits


def copy_weights(model, keras_model) -> None:
    """Copies the weights of an `ann` model of the same size to `model`."""
    layers = {layer.name: layer for segment in keras_model.segments for layer in segment.layers}
    with torch.no_grad():
        _copy_convolutions(model.stem, layers)
        _copy_convolutions(model.blocks, layers)
        for head, source in zip(model.heads, keras_model.heads, strict=True):
            _copy_convolutions(head, {layer.name: layer for layer in source.layers})
            copy_linear(head.linear, source.get_layer("linear"))


def _copy_convolutions(module, layers):
    for part in module.modules():
        if isinstance(part, ConvBNReLU):
            copy_convolution(part[0], layers[f"{part.name}_conv"])
            copy_normalization(part[1], layers[f"{part.name}_bn"])
