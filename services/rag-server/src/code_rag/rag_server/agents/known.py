"""The agents that `coderag setup` knows; all of it is written for the user, for every project."""

from collections.abc import Callable, Sequence
from pathlib import Path

from code_rag.rag_server.agents.agent import Agent, Instructions, Machine
from code_rag.rag_server.agents.config_format import Entry
from code_rag.rag_server.agents.jsonc_format import JsoncFormat
from code_rag.rag_server.agents.toml_format import TomlFormat
from code_rag.rag_server.agents.yaml_format import YamlFormat

CODE_HEADING = "---\napplyTo: '**'\n---\n\n"
CONTINUE_HEADING = "---\nname: coderag\nalwaysApply: true\n---\n\n"


def _home(*paths: str) -> Callable[[Machine], Sequence[Path]]:
    return lambda machine: [machine.home / path for path in paths]


def _config(*paths: str) -> Callable[[Machine], Sequence[Path]]:
    return lambda machine: [machine.folder("XDG_CONFIG_HOME", ".config") / path for path in paths]


def _codex(path: str) -> Callable[[Machine], Path]:
    return lambda machine: machine.folder("CODEX_HOME", ".codex") / path


def _claude(machine: Machine) -> list[Path]:
    return [machine.folder("CLAUDE_CONFIG_DIR", ".") / ".claude.json"]


def _claude_memory(machine: Machine) -> Path:
    return machine.folder("CLAUDE_CONFIG_DIR", ".claude") / "CLAUDE.md"


def _code(machine: Machine) -> Path:
    if machine.system == "darwin":
        return machine.home / "Library" / "Application Support" / "Code" / "User"
    return machine.folder("XDG_CONFIG_HOME", ".config") / "Code" / "User"


def _plain(command: str, arguments: Sequence[str]) -> Entry:
    return {"command": command, "args": [*arguments]}


def _stdio(command: str, arguments: Sequence[str]) -> Entry:
    return {"type": "stdio"} | _plain(command, arguments)


def _named(command: str, arguments: Sequence[str]) -> Entry:
    return {"name": "coderag"} | _plain(command, arguments)


def _opencode(command: str, arguments: Sequence[str]) -> Entry:
    return {"type": "local", "command": [command, *arguments], "enabled": True}


def _goose(command: str, arguments: Sequence[str]) -> Entry:
    said = {"enabled": True, "type": "stdio", "name": "coderag", "description": "Searches the user's code"}
    return said | {"cmd": command, "args": [*arguments], "envs": {}, "timeout": 300}


def _in(*path: str) -> Callable[[Machine], Path]:
    return lambda machine: machine.home.joinpath(*path)


_JSON = JsoncFormat()
_AGENTS = (
    Agent("claude-code", "Claude Code", _claude, _JSON, "mcpServers", _stdio, Instructions(_claude_memory)),
    Agent("cursor", "Cursor", _home(".cursor/mcp.json"), _JSON, "mcpServers", _plain),
    Agent(
        "vscode",
        "VS Code",
        lambda machine: [_code(machine) / "mcp.json"],
        _JSON,
        "servers",
        _stdio,
        Instructions(lambda machine: _code(machine) / "prompts" / "coderag.instructions.md", CODE_HEADING),
    ),
    Agent(
        "codex",
        "Codex",
        lambda machine: [_codex("config.toml")(machine)],
        TomlFormat(),
        "mcp_servers",
        _plain,
        Instructions(_codex("AGENTS.md")),
    ),
    Agent(
        "gemini",
        "Gemini CLI",
        _home(".gemini/settings.json"),
        _JSON,
        "mcpServers",
        _plain,
        Instructions(_in(".gemini", "GEMINI.md")),
    ),
    Agent("zed", "Zed", _config("zed/settings.json"), _JSON, "context_servers", _plain),
    Agent(
        "windsurf",
        "Windsurf",
        _home(".codeium/windsurf/mcp_config.json"),
        _JSON,
        "mcpServers",
        _plain,
        Instructions(_in(".codeium", "windsurf", "memories", "global_rules.md")),
    ),
    Agent(
        "opencode",
        "opencode",
        _config("opencode/opencode.json", "opencode/opencode.jsonc"),
        _JSON,
        "mcp",
        _opencode,
        Instructions(lambda machine: _config("opencode/AGENTS.md")(machine)[0]),
    ),
    Agent(
        "continue",
        "Continue",
        _home(".continue/config.yaml"),
        YamlFormat(listed=True),
        "mcpServers",
        _named,
        Instructions(_in(".continue", "rules", "coderag.md"), CONTINUE_HEADING),
        makes_file=False,
    ),
    Agent(
        "goose",
        "Goose",
        _config("goose/config.yaml"),
        YamlFormat(),
        "extensions",
        _goose,
        Instructions(lambda machine: _config("goose/.goosehints")(machine)[0]),
    ),
)
AGENTS = {agent.name: agent for agent in _AGENTS}
