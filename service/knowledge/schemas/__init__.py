"""The shape of each YAML file under ``rules/``: which keys, which kinds of value, nothing else."""
