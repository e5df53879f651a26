"""Who calls: the keys that open a service, their names, and how much each may ask for in a minute."""
