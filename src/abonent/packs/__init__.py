"""Countries: rules, parameters, formats and documents. Packs never meet each other."""
