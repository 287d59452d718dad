"""The experiments of optuna_metabo: objectives, families of tasks and comparisons of samplers."""
