"""How evenly a network's weights can be estimated: the spectrum of its Fisher information.

One weight a layer stands for the layer; the information matrix of those weights is that of the
predicted classes, and its eigenvalues' deciles are compared: the more even, the better.

Reference: Tybl and Neumann 2025, "Training-free Neural Architecture Search through Variance of
Knowledge of Deep Network Weights" (VKDNW), CVPR, arXiv 2502.04975, section 3.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from evonasc.supernet.family import Supernet

_DECILES = torch.arange(1, 10, dtype=torch.float64) / 10


class _FirstWeights:
    """What the gradient of one weight a layer needs, collected in a forward pass."""

    def __init__(self) -> None:
        self.outputs: list[Tensor] = []
        self.inputs: list[Tensor] = []

    def add(self, module: nn.Module, inputs: tuple[Tensor], output: Tensor) -> None:
        """Keep a layer's output and the places of its input that meet the chosen weight."""
        value = inputs[0].detach()
        if isinstance(module, nn.Conv2d):
            # The middle weight from the first channel to the first: it meets every stride-th place.
            step = module.stride[0]
            value = value[:, 0, ::step, ::step].flatten(1)
        else:
            value = value[:, :1]
        self.outputs.append(output)
        self.inputs.append(value)

    def gradients(self, of_outputs: Sequence[Tensor]) -> Tensor:
        """Return each image's gradient of each chosen weight, ``(n, n_layers)``."""
        columns = []
        for value, gradient in zip(self.inputs, of_outputs, strict=True):
            first = gradient[:, 0].flatten(1) if gradient.ndim == 4 else gradient[:, :1]
            columns.append((value * first).sum(dim=1))
        return torch.stack(columns, dim=1)


def _hold_statistics(module: nn.Module, inputs: tuple[Tensor]) -> None:
    """Let a normalisation use this batch's statistics as constants, so images do not mix."""
    assert isinstance(module, nn.BatchNorm2d)
    variance, mean = torch.var_mean(inputs[0].detach(), dim=(0, 2, 3), correction=0)
    module.running_mean, module.running_var = mean, variance


def fisher_entropy(supernet: Supernet, network: Sequence[int], images: Tensor) -> float:
    """Return the entropy (nats) of the deciles of the Fisher information's eigenvalues.

    The supernet has random weights that ask for no gradient, the network is a connected one, and
    images are ``(n, c, h, w)``; no labels are needed.
    """
    weights = _FirstWeights()
    norms = [m for m in supernet.modules() if isinstance(m, nn.BatchNorm2d)]
    layers = [m for m in supernet.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    hooks = [norm.register_forward_pre_hook(_hold_statistics) for norm in norms]
    hooks += [layer.register_forward_hook(weights.add) for layer in layers]
    was_training = supernet.training
    supernet.eval()
    try:
        logits = supernet(images.detach().requires_grad_(), network)
    finally:
        supernet.train(was_training)
        for hook in hooks:
            hook.remove()
        for norm in norms:
            norm.running_mean = norm.running_var = None
    log_share = torch.log_softmax(logits, dim=1)
    share = log_share.detach().exp()
    n_classes = logits.shape[1]
    n_layers = len(weights.outputs)
    information = torch.zeros(n_layers, n_layers, dtype=torch.float64)
    for label in range(n_classes):
        gradients = torch.autograd.grad(
            log_share[:, label].sum(), weights.outputs, retain_graph=label < n_classes - 1
        )
        rows = weights.gradients(gradients).double()
        information += rows.T @ (rows * share[:, label, None].double()) / len(images)
    values = torch.linalg.eigvalsh(information).clamp(min=0)
    deciles = torch.quantile(values, _DECILES)
    shares = deciles / (deciles.sum() + 1e-10)
    return float(-(shares * torch.log(shares + 1e-10)).sum())
