"""What people set and stop: settings, stops, budgets, whom never to write to. Knows nothing of the outbox."""
