"""The commands that look code up by a symbol or a place, list secrets, and evaluate search."""

from typing import Annotated

import typer

from code_rag.rag_server.cli.options import DEFAULT_URL, Codebase, Json, Language, Path, Url, client_of


def add_commands(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command("callers")(callers_command)
    app.command("similar")(similar_command)
    app.command("eval")(eval_command)
    app.command("secrets")(secrets_command)


def callers_command(
    symbol: Annotated[
        str, typer.Argument(help="A name, such as cancel, Order.cancel or orders.cancel.", metavar="SYMBOL")
    ],
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=100, help="Maximum chunks.")] = 50,
    path: Path = None,
    language: Language = None,
    codebase: Codebase = None,
    as_json: Json = False,
    url: Url = DEFAULT_URL,
) -> None:
    """Show who uses a function, method or class, and how sure that is.

    Found by name and import in the syntax trees, without types: "name only" may be another of the same name.

    \b
    Examples:
      coderag callers Order.cancel
      coderag callers cancel --path shop --json | jq '.hits[].uses[]'
    """
    from code_rag.rag_server.cli.callers import callers

    within = {"path": path, "language": language, "codebase": codebase}
    with client_of(url) as client:
        callers(client, symbol, limit=limit, within=within, as_json=as_json)


def similar_command(
    place: Annotated[
        str, typer.Argument(help="A line of an indexed file, such as orders.py:12.", metavar="FILE:LINE")
    ],
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=100, help="Maximum number of hits.")] = 10,
    path: Path = None,
    language: Language = None,
    codebase: Codebase = None,
    as_json: Json = False,
    url: Url = DEFAULT_URL,
) -> None:
    """Find code that is similar to the code around a line, copies first.

    \b
    Examples:
      coderag similar orders/refunds.py:12
      coderag similar "$PWD/orders/refunds.py:12" --language python
    """
    from code_rag.rag_server.cli.similar import similar

    within = {"path": path, "language": language, "codebase": codebase}
    with client_of(url) as client:
        similar(client, place, limit=limit, within=within, as_json=as_json)


def eval_command(
    folder: Annotated[
        str, typer.Argument(help="Checkout whose history makes questions.", metavar="FOLDER")
    ] = ".",
    questions: Annotated[
        int, typer.Option("--questions", min=1, max=500, help="Maximum questions of each kind.")
    ] = 50,
    seed: Annotated[int, typer.Option("--seed", help="Another seed asks other questions.")] = 0,
    path: Path = None,
    language: Language = None,
    codebase: Codebase = None,
    as_json: Json = False,
    url: Url = DEFAULT_URL,
) -> None:
    """Measure how well search works on your own code, with questions that the code answers itself.

    Docstrings ask for the code that they document, and are hidden from the search; names ask for their
    definitions; subjects of commits ask for the files that they changed. A file counts once, at its best hit.

    \b
    Examples:
      coderag eval
      coderag eval ~/src/shop --questions 100
      coderag eval --json | jq '.results[] | {kind, ndcg: .measures."ndcg@10".mean}'
    """
    from code_rag.rag_server.cli.eval import evaluate

    within = {"path": path, "language": language, "codebase": codebase}
    with client_of(url) as client:
        evaluate(client, folder, questions=questions, seed=seed, within=within, as_json=as_json)


def secrets_command(codebase: Codebase = None, as_json: Json = False, url: Url = DEFAULT_URL) -> None:
    """List where secrets were found in the code, by place and kind, never by value.

    They are replaced by their kind in everything that is stored, shown and sent to a model.

    \b
    Examples:
      coderag secrets
      coderag secrets --json | jq -r '.secrets[] | "\\(.path):\\(.line)"'
    """
    from code_rag.rag_server.cli.secrets import secrets

    with client_of(url) as client:
        secrets(client, codebase, as_json=as_json)
