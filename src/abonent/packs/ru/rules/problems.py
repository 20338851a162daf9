"""What a rule cannot judge becomes a row with its code and facts; it is never guessed."""

import polars as pl

PREMISE_PROBLEMS = {
    "premise_id": pl.Int64,
    "building_id": pl.Int64,
    "code": pl.String,
    "facts": pl.String,
}


def premise_problem(frame: pl.DataFrame, code: str, *facts: str) -> pl.DataFrame:
    """Turn rows with `premise_id`, `building_id` (premise 0: the building's own meter) into problems."""
    if frame.is_empty():
        return pl.DataFrame(schema=PREMISE_PROBLEMS)
    told = (
        pl.struct(pl.col(name).cast(pl.Int64) for name in facts).struct.json_encode()
        if facts
        else pl.lit("{}")
    )
    return frame.select(
        "premise_id",
        "building_id",
        code=pl.lit(code),
        facts=told,
    )
