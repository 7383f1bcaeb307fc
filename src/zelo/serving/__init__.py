"""A service without transport, batching over it, and thin routes over that."""
