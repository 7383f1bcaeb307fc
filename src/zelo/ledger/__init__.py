"""The durable record: predictions, outcomes and events. What was answered is here first."""
