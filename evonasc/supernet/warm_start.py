"""Starting a training from the weights of another supernet, of the same depth or not."""

from evonasc.data.datasets import is_same_data
from evonasc.errors import ConfigError
from evonasc.nasbench201.network import N_STAGES, Supernet
from evonasc.supernet.weights import TrainedSupernet


def require_unseen(
    start: TrainedSupernet, *, data: str, n_validation: int, split: int, images: str = ""
) -> None:
    """Refuse to hold out images that the weights to start from were trained on.

    Args:
        start: Whose weights a training starts from.
        data: Name of the training's data set; another one has other images.
        n_validation: Images it holds out.
        split: Seed by which they are drawn.
        images: Digest of the data set's images, where they are a folder of the user.

    Raises:
        ConfigError: They are not those that ``start`` held out.
    """
    first = start.training.get("images", "")
    is_same = first == images != ""  # wherever their folder lies now
    if not is_same and not is_same_data(str(start.training.get("data")), data):
        return
    if first and images and not is_same:
        raise ConfigError(
            f"The images of {data!r} must be those that the supernet to start from was trained on, "
            "got others: some that would be held out it may have seen. Restore the images, or "
            "train without --start."
        )
    if (start.split_seed, start.training["n_validation"]) != (split, n_validation):
        raise ConfigError(
            f"The {n_validation} images held out by split {split} must be those that the supernet "
            f"to start from never saw: {start.training['n_validation']} of split "
            f"{start.split_seed}."
        )


def copy_weights(start: Supernet, supernet: Supernet) -> None:
    """Give a supernet the weights of another; cells that this one lacks start as its stage's last.

    Args:
        start: Where the weights come from.
        supernet: Changed in place.

    Raises:
        ConfigError: Other channels or classes.
    """
    found, wanted = start.config, supernet.config
    if (found.channels, found.n_classes) != (wanted.channels, wanted.n_classes):
        raise ConfigError(
            f"The supernet to start from must have {wanted.channels} channels and "
            f"{wanted.n_classes} classes, got {found.channels} and {found.n_classes}."
        )
    sources = _source_blocks(found.cells_per_stage, wanted.cells_per_stage)
    for block, source in zip(supernet.blocks, sources, strict=True):
        block.load_state_dict(start.blocks[source].state_dict())


def _source_blocks(n_found: int, n_wanted: int) -> list[int]:
    """Return for each block the one to start from, given the cells in a stage of both supernets."""
    sources = [0]
    for stage in range(N_STAGES):
        first = 1 + stage * (n_found + 1)
        if stage:
            sources.append(first - 1)  # the reduction before the stage
        sources += [first + min(cell, n_found - 1) for cell in range(n_wanted)]
    return [*sources, N_STAGES * (n_found + 1)]  # the classifier
