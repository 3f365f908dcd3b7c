"""From the journal to the server: decisions one by one and batches, by one loop, with one way back."""
