"""What a key does: who reads it, what it means where the operator is, and the actions that work everywhere."""
