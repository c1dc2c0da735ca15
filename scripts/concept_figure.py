"""Draw docs/concept.png, the picture of split computing: scripts/concept_figure.py [FILE]."""

import sys
from pathlib import Path

from evonasc.analysis.concept_figure import concept_figure
from evonasc.analysis.plotting import picture
from evonasc.cost.payload import payload_table
from evonasc.files import write_atomically
from evonasc.runs.benchmarks import search_space

#: A cut inside the second stage, so that both parts have something to show.
_SPLIT_POINT = 7
_BITS = 8


def main() -> None:
    """Draw NAS-Bench-201's blocks with an 8-bit payload."""
    default = Path(__file__).parents[1] / "docs" / "concept.png"
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else default
    space = search_space("nasbench201")
    figure = concept_figure(
        block_names=space.block_names,
        payload_bytes=payload_table(space, bits=_BITS),
        split_point=_SPLIT_POINT,
    )
    write_atomically(path, picture(figure).png)


if __name__ == "__main__":
    main()
