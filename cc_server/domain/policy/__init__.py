"""What is safe to send without a person: the rules, the facts they go by, and what they say."""
