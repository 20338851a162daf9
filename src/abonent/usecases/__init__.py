"""One module per thing a person or a clock does; owns the transaction."""
