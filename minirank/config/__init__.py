"""What a user can set: one YAML file as frozen dataclasses."""
