"""The CIFAR ResANN of `ann.models.resann` (preset "paper") in PyTorch, for comparison.

With the same weights, both compute the same outputs.
"""

import torch
from torch import nn
from torch.nn import functional

from benchmarks.torch_weights import copy_convolution, copy_linear, copy_normalization


class Conv3x3(nn.Conv2d):
    """3x3 convolution without bias and with the padding of TensorFlow's "same".

    For stride 2 on maps of even size, this padding is only on the right and at the bottom.
    """

    def __init__(self, inputs, outputs, stride=1):
        super().__init__(
            inputs, outputs, 3, stride=stride, padding=1 if stride == 1 else 0, bias=False
        )

    def forward(self, x):
        return super().forward(x if self.stride[0] == 1 else functional.pad(x, (0, 1, 0, 1)))


class BasicUnit(nn.Module):
    """Identity plus BN-ReLU-conv3x3-BN-ReLU-conv3x3.

    Where necessary, the identity is pooled and padded with zero channels.
    """

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(inputs)
        self.conv1 = Conv3x3(inputs, outputs, stride)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.conv2 = Conv3x3(outputs, outputs)
        self.stride = stride
        self.extra = outputs - inputs

    def forward(self, x):
        shortcut = functional.avg_pool2d(x, self.stride) if self.stride > 1 else x
        if self.extra:
            before = self.extra // 2
            shortcut = functional.pad(shortcut, (0, 0, 0, 0, before, self.extra - before))
        x = self.conv1(functional.relu(self.bn1(x)))
        return shortcut + self.conv2(functional.relu(self.bn2(x)))


class Head(nn.Module):
    """BN-ReLU, global average pooling, and a linear layer."""

    def __init__(self, inputs, num_classes):
        super().__init__()
        self.bn = nn.BatchNorm2d(inputs)
        self.linear = nn.Linear(inputs, num_classes)

    def forward(self, x):
        return self.linear(functional.relu(self.bn(x)).mean((2, 3)))


class ResANN(nn.Module):
    """Returns the list of logits. Has 3 stages of n units, widths c, 2c, 4c, an exit per unit."""

    def __init__(self, n, c, num_classes=10):
        super().__init__()
        widths = [c * 2 ** (unit // n) for unit in range(3 * n)]
        strides = [2 if unit in (n, 2 * n) else 1 for unit in range(3 * n)]
        self.stem = Conv3x3(3, c)
        units = zip([c, *widths], widths, strides, strict=False)
        self.units = nn.ModuleList(
            BasicUnit(inputs, outputs, stride) for inputs, outputs, stride in units
        )
        self.heads = nn.ModuleList(Head(width, num_classes) for width in widths)

    def forward(self, x):
        logits, x = [], self.stem(x)
        for unit, head in zip(self.units, self.heads, strict=True):
            x = unit(x)
            logits.append(head(x))
        return logits


def copy_weights(model, keras_model) -> None:
    """Copies the weights of an `ann` model of the same size to `model`."""
    layers = {layer.name: layer for segment in keras_model.segments for layer in segment.layers}
    with torch.no_grad():
        copy_convolution(model.stem, layers["stem_conv"])
        for index, unit in enumerate(model.units):
            name = f"unit_{index:02d}"
            copy_normalization(unit.bn1, layers[f"{name}_1_bn"])
            copy_normalization(unit.bn2, layers[f"{name}_2_bn"])
            copy_convolution(unit.conv1, layers[f"{name}_conv1"])
            copy_convolution(unit.conv2, layers[f"{name}_conv2"])
        for head, source in zip(model.heads, keras_model.heads, strict=True):
            copy_normalization(head.bn, source.get_layer("bn"))
            copy_linear(head.linear, source.get_layer("linear"))
