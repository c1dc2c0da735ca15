"""The images that a supernet never saw, on which its networks are scored."""

from pathlib import Path

import numpy as np

from evonasc.data.datasets import is_missing_folder, load_data
from evonasc.data.images import Images
from evonasc.errors import ConfigError, DataFileError
from evonasc.supernet.weights import TrainedSupernet

_MOST_IMAGES = 1000


def scoring_images(
    trained: TrainedSupernet, data_root: Path | None, *, n_images: int | None = None
) -> Images:
    """Return the first ``n_images`` of those held out when the supernet was trained.

    By default all, but no more than 1,000. The supernet's header names the data set and the split;
    ``data_root`` is the folder with the data set's files, where it needs one.

    Raises:
        ConfigError: More images than were held out, or other images than at the training.
        DataFileError: The data are missing or damaged.
    """
    training = trained.training
    held_out, seed = training["n_validation"], trained.split_seed
    if not isinstance(held_out, int):
        raise ConfigError(f"The supernet's header must give n_validation, got {held_out!r}.")
    chosen = min(held_out, _MOST_IMAGES) if n_images is None else n_images
    if not 1 <= chosen <= held_out:
        raise ConfigError(f"images must lie in [1, {held_out}], got {chosen}.")
    name = str(training["data"])
    try:
        data = load_data(name, data_root, n_validation=held_out, seed=seed)
    except DataFileError as error:
        if not is_missing_folder(name, data_root):
            raise
        raise DataFileError(
            f"Cannot read the images of {name!r}, which the supernet was trained on, in "
            f"{name.removeprefix('folder:') if data_root is None else data_root}. Say where their "
            "folder lies now: --data-root DIR."
        ) from error
    if training.get("images", "") not in ("", data.digest):
        raise ConfigError(
            f"The images of {data.name!r} must be those that the supernet was trained and held out "
            "on, got others: some of them, or names, were added, removed or changed. Restore them, "
            "say where they lie with --data-root DIR, or train on the new ones into another folder."
        )
    if data.n_classes != trained.supernet.config.n_classes:
        raise ConfigError(
            f"The data set {data.name!r} must have the supernet's "
            f"{trained.supernet.config.n_classes} classes, got {data.n_classes}."
        )
    return data.validation.take(np.arange(chosen))


def weights_sum(trained: TrainedSupernet) -> float:
    """Return the sum of all weights, by which a score file knows its supernet."""
    return sum(float(w.detach().double().sum()) for w in trained.supernet.parameters())
