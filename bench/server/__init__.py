"""What the server is asked to keep: decisions a second, and answers that cost the same however much is stored."""
