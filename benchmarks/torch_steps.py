"""What is timed of PyTorch: functions without arguments, one step a call. CONST weights, SGD with momentum and L2."""

import torch
from torch.nn import functional


def training_step(model, batch, variant):
    """Trains `model` (images to the list of logits) on the batch of NumPy arrays.

    `variant` names, among other words, "float32" or "bfloat16" (autocast), "channels_last",
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
    """The answers of all exits; "bfloat16" has the weights in it too. Arguments as `training_step`."""
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
    if "channels_last" not in variant:
        return model, x
    return model.to(memory_format=torch.channels_last), x.contiguous(
        memory_format=torch.channels_last
    )
