"""Security: who may call (tokens, keys, replay), what may be read (limits), and whom the service may dial."""
