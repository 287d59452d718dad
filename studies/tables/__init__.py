"""Do past studies save trials? Samplers compared on families of tasks."""
