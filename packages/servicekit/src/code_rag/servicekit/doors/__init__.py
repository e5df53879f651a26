"""Who may call at all, before any key is asked for: what keeps other people's web pages out."""
