"""What a person should know of the data before any model: one report, for any project."""
