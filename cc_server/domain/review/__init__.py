"""Many drafts at once: judged again when the policy or the time asks for it, decided in batches, tried on a policy."""
