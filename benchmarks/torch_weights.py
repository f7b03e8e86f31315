"""Copies weights from Keras layers to PyTorch modules."""

import torch


def copy_convolution(module, layer) -> None:
    """Copies a kernel `(height, width, inputs, outputs)` to `(outputs, inputs, height, width)`."""
    module.weight.copy_(torch.from_numpy(layer.get_weights()[0].transpose(3, 2, 0, 1)))


def copy_normalization(module, layer) -> None:
    """Copies scale, offset, moving mean, and moving variance."""
    parts = (module.weight, module.bias, module.running_mean, module.running_var)
    for parameter, value in zip(parts, layer.get_weights(), strict=True):
        parameter.copy_(torch.from_numpy(value))


def copy_linear(module, layer) -> None:
    """Copies the kernel, transposed, and the bias."""
    kernel, bias = layer.get_weights()
    module.weight.copy_(torch.from_numpy(kernel.T))
    module.bias.copy_(torch.from_numpy(bias))
