"""From a held delivery to one that left: claims and settlements, what blocks, effects, and what is resolved by hand."""
