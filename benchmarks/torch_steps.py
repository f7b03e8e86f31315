"""The steps in PyTorch that benchmarks time.

Each step is a function without arguments. Training uses CONST weights and SGD with momentum and L2.
"""

import torch
from torch.nn import functional


def training_step(model, batch, variant):
    """Returns a step that trains a network.

    Args:
        model: module that maps images to a list of logits.
        batch: images and labels, NumPy arrays.
        variant: contains "float32" or "bfloat16" (autocast), and optionally "channels_last" and
            "compiled".
    """
    model, x = _laid_out(model, batch, variant)
    y = torch.from_numpy(batch[1])
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9, weight_decay=1e-4)

    def loss_of(x, y):
        return sum(functional.cross_entropy(logits.float(), y) for logits in model(x))

    if "compiled" in variant:
        loss_of = torch.compile(loss_of)

    def step():
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", torch.bfloat16, enabled="bfloat16" in variant):
            loss = loss_of(x, y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def forward(model, batch, variant):
    """Returns a step that computes the answers of all exits.

    The arguments are those of `training_step`, but with "bfloat16" the weights are bfloat16, too.
    """
    model, x = _laid_out(model, batch, variant)
    model.eval()
    if "bfloat16" in variant:
        model, x = model.bfloat16(), x.bfloat16()
    if "compiled" in variant:
        model = torch.compile(model)

    def step():
        with torch.inference_mode():
            return model(x)[-1].float().numpy()

    return step


def _laid_out(model, batch, variant):
    x = torch.from_numpy(batch[0]).permute(0, 3, 1, 2).contiguous()
    if "channels_last" in variant:
        model = model.to(memory_format=torch.channels_last)
        x = x.contiguous(memory_format=torch.channels_last)
    return model, x
