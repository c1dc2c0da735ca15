"""The figure of a supernet's training: loss, accuracy, held out too, and learning rate."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from evonasc.analysis.figure_layout import arrange
from evonasc.errors import ConfigError
from evonasc.supernet.training_state import EpochLog

#: Field of the log, label of its axis.
_PANELS = (
    ("train_loss", "loss (nats)"),
    ("train_accuracy", "share classified right"),
    ("learning_rate", "learning rate"),
)


def training_figure(logs: Sequence[EpochLog], *, n_epochs: int, title: str = "") -> Figure:
    """Draw three panels over the same epochs.

    Args:
        logs: One line an epoch done, one at least.
        n_epochs: Epochs in all; the axis reaches that far.
        title: Above the figure.

    Raises:
        ConfigError: No epoch is done.
    """
    if not logs:
        raise ConfigError("A figure of a training needs at least one epoch.")
    sns.set_theme(style="whitegrid", context="notebook")
    figure, axes = plt.subplots(1, len(_PANELS), figsize=(12.0, 3.8))
    epochs = [log.epoch for log in logs]
    colours = sns.color_palette("colorblind", len(_PANELS))
    for panel, (name, label), colour in zip(axes, _PANELS, colours, strict=True):
        values = [getattr(log, name) for log in logs]
        # A single epoch is a point, which a line alone would not show.
        panel.plot(epochs, values, "o-" if len(logs) < 30 else "-", color=colour, ms=4, lw=2)
        panel.set_xlabel("epoch")
        panel.set_ylabel(label)
        panel.set_xlim(0, max(n_epochs, *epochs) + 0.5)
        panel.set_ylim(0, 1.05 * max(values))
        panel.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    held_out = [1 - log.held_out_error for log in logs]
    style = "s--" if len(logs) < 30 else "--"
    axes[1].plot(
        epochs, held_out, style, color="0.35", ms=4, lw=1.5, label="held out, a few networks"
    )
    axes[1].lines[0].set_label("sampled paths, training images")
    axes[1].legend(fontsize="small", loc="lower right")
    axes[1].set_ylim(0, 1)
    arrange(figure, title=title)
    return figure
