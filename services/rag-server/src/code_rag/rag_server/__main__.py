"""`python -m code_rag.rag_server` serves until it is stopped; with RELOAD=1, each saved version."""

from code_rag.servicekit.main import main

if __name__ == "__main__":
    main("code_rag.rag_server")
