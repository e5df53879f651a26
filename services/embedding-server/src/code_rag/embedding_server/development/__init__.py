"""What embedding-server needs under a reloader alone: the engine in a process that outlives each worker."""
