"""Calling servers outside that speak OpenAI's API: proxies, certificates, their errors, when to try again."""
