"""The experiment: small networks for images and texts, tuned live or replayed."""
