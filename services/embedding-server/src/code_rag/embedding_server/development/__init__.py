"""Used only under the reloader: the engine in a process that outlives each worker."""
