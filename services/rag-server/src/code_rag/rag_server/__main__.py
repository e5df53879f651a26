"""`python -m code_rag.rag_server` serves until it is stopped; RELOAD=1 reloads on each saved change."""

from code_rag.servicekit.main import main

if __name__ == "__main__":
    main("code_rag.rag_server")
