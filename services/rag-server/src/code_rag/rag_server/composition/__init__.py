"""What the app is put together from: the stores, the use cases, and the watch over the model."""
