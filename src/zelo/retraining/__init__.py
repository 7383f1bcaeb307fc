"""Training as a service: jobs that are queued, run by workers, watched, cancelled and recorded."""
