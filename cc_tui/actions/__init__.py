"""What an operator can do: one registry, from which keys, footer, help and palette derive, and the commands behind."""
