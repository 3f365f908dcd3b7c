"""Between Textual and the terminal: what is on the screen, and the fewest bytes that make it something else."""
