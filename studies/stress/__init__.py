"""What the sampler stands: many workers, pruned trials, several outputs, killed processes."""
