"""What columns are called: over tables, and along the axes of figures and of the report page."""

#: Column -> (heading in tables, axis label, digits after the point; None for a whole number).
COLUMN_WORDS: dict[str, tuple[str, str, int | None]] = {
    "energy_mj": ("energy mJ", "device energy (mJ)", 2),
    "error": ("error", "error", 4),
    "error_calibrated": ("calibrated", "error as of a network trained alone", 4),
    "error_calibrated_high": ("high", "upper bound of the calibrated error", 4),
    "error_calibrated_low": ("low", "lower bound of the calibrated error", 4),
    "head_memory_bytes": ("memory B", "head memory (bytes)", None),
    "head_mj": ("head mJ", "energy of the head (mJ)", 2),
    "head_ms": ("head ms", "head time (ms)", 2),
    "latency_ms": ("total ms", "latency (ms)", 2),
    "latency_p95_ms": ("p95 ms", "latency of 95 % of inputs (ms)", 2),
    "miss_probability": ("missed", "inputs after the deadline (share)", 4),
    "payload_bytes": ("payload B", "payload (bytes)", None),
    "tail_ms": ("tail ms", "tail time (ms)", 2),
    "uplink_ms": ("uplink ms", "time on the uplink (ms)", 2),
}


def axis_label(column: str) -> str:
    """Return what stands along an axis; of a column that is not ours, its name.

    Example:
        >>> axis_label("latency_ms"), axis_label("weight")
        ('latency (ms)', 'weight')
    """
    return COLUMN_WORDS[column][1] if column in COLUMN_WORDS else column
