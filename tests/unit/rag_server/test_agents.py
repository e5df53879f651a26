"""`coderag setup`: entries and instructions in the agents' own files, as people have them."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner, Result

from code_rag.rag_server.agents.agent import Agent, Machine
from code_rag.rag_server.agents.change import adding, removing
from code_rag.rag_server.agents.config_format import Unreadable
from code_rag.rag_server.agents.editing import with_entry
from code_rag.rag_server.agents.known import AGENTS
from code_rag.rag_server.cli import app

SAMPLES = Path(__file__).parent / "agent_samples"
ENTRIES: dict[str, dict[str, Any]] = {
    "claude-code": {"type": "stdio", "command": "/bin/coderag", "args": ["mcp"]},
    "vscode": {"type": "stdio", "command": "/bin/coderag", "args": ["mcp"]},
    "opencode": {"type": "local", "command": ["/bin/coderag", "mcp"], "enabled": True},
    "continue": {"name": "coderag", "command": "/bin/coderag", "args": ["mcp"]},
    "goose": {
        "enabled": True, "type": "stdio", "name": "coderag", "description": "Searches the user's code",
        "cmd": "/bin/coderag", "args": ["mcp"], "envs": {}, "timeout": 300,
    },
}  # fmt: skip
PLAIN: dict[str, Any] = {"command": "/bin/coderag", "args": ["mcp"]}
FILES = {
    "claude-code": (".claude.json", ".claude/CLAUDE.md"),
    "cursor": (".cursor/mcp.json",),
    "vscode": (".config/Code/User/mcp.json", ".config/Code/User/prompts/coderag.instructions.md"),
    "codex": (".codex/config.toml", ".codex/AGENTS.md"),
    "gemini": (".gemini/settings.json", ".gemini/GEMINI.md"),
    "zed": (".config/zed/settings.json",),
    "windsurf": (".codeium/windsurf/mcp_config.json", ".codeium/windsurf/memories/global_rules.md"),
    "opencode": (".config/opencode/opencode.json", ".config/opencode/AGENTS.md"),
    "continue": (".continue/config.yaml", ".continue/rules/coderag.md"),
    "goose": (".config/goose/config.yaml", ".config/goose/.goosehints"),
}

each_agent = pytest.mark.parametrize("agent", AGENTS.values(), ids=AGENTS)


def sample(agent: Agent) -> str:
    """A file of this agent as somebody has it."""
    (found,) = SAMPLES.glob(f"{agent.name}.*")
    return found.read_bytes().decode()


def machine_with(agent: Agent, folder: Path, text: str) -> tuple[Machine, Path]:
    """A home folder in which the agent's file says this."""
    machine = Machine(folder)
    path = agent.path(machine)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    return machine, path


def set_up(agent: Agent, machine: Machine) -> list[Path]:
    """Write all changes; their paths."""
    changes = adding(agent, machine, "/bin/coderag", ["mcp"])
    for change in changes:
        change.write()
    return [change.path for change in changes]


def take_out(agent: Agent, machine: Machine) -> None:
    """Write what --remove writes."""
    for change in removing(agent, machine):
        change.write()


def read(agent: Agent, text: str) -> dict[str, Any]:
    """The agent's servers by a parser that is not ours, given JSON without comments and last commas."""
    if agent.name == "codex":
        return dict(tomllib.loads(text)["mcp_servers"])
    if agent.name in ("continue", "goose"):
        found = YAML(typ="safe").load(text)[agent.container]
        return found if isinstance(found, dict) else {each["name"]: each for each in found}
    plain = re.sub(
        r"^\s*//.*$|\s//[^\"\n]*$|\s// \"y\".*$|/\* the only one \*/", "", text, flags=re.MULTILINE
    )
    return dict(json.loads(re.sub(r",(\s*[}\]])", r"\1", plain))[agent.container])


def bare(line: str) -> str:
    """A line without the comma that a new neighbour gives it."""
    return line.replace(",", "")


@each_agent
def test_the_entry_is_added_and_all_else_stays(agent: Agent, tmp_path: Path) -> None:
    """Another parser finds the entry beside the others, and every line that was there is there, in order."""
    before = sample(agent)
    machine, path = machine_with(agent, tmp_path, before)
    assert [str(each.relative_to(tmp_path)) for each in set_up(agent, machine)] == list(FILES[agent.name])
    after = path.read_bytes().decode()
    assert read(agent, after)["coderag"] == ENTRIES.get(agent.name, PLAIN)
    added = iter(map(bare, after.splitlines(keepends=True)))
    if agent.name != "cursor":  # its sample is on one line
        assert [line for line in before.splitlines(keepends=True) if bare(line) not in added] == []


@each_agent
def test_removing_gives_the_file_back(agent: Agent, tmp_path: Path) -> None:
    """After --remove each byte is as before, and what setup made is not there."""
    before = sample(agent)
    machine, path = machine_with(agent, tmp_path, before)
    set_up(agent, machine)
    take_out(agent, machine)
    assert path.read_bytes().decode() == before
    assert [each for each in tmp_path.rglob("*") if each.is_file()] == [path]
    assert removing(agent, machine) == []


@pytest.mark.parametrize(
    "agent", [each for each in AGENTS.values() if each.makes_file], ids=lambda each: each.name
)
def test_without_files_they_are_made_and_deleted(agent: Agent, tmp_path: Path) -> None:
    """In an empty home the files are made, a second setup changes nothing, and --remove leaves none."""
    machine = Machine(tmp_path)
    set_up(agent, machine)
    text = agent.path(machine).read_text()
    assert read(agent, text) == {"coderag": ENTRIES.get(agent.name, PLAIN)}
    assert adding(agent, machine, "/bin/coderag", ["mcp"]) == []
    take_out(agent, machine)
    assert [each for each in tmp_path.rglob("*") if each.is_file()] == []


@each_agent
def test_what_somebody_added_to_the_entry_stays(agent: Agent, tmp_path: Path) -> None:
    """A new path replaces the old one in the entry; a key that the user wrote into it is kept."""
    machine, path = machine_with(agent, tmp_path, sample(agent))
    old = agent.entry("/old/coderag", ["mcp"]) | {"env": {"API_KEY": "a-key"}}
    text = with_entry(sample(agent), agent.form, agent.container, "coderag", old)
    path.write_bytes(text.encode())
    set_up(agent, machine)
    expected = ENTRIES.get(agent.name, PLAIN) | {"env": {"API_KEY": "a-key"}}
    assert read(agent, path.read_bytes().decode())["coderag"] == expected
    take_out(agent, machine)
    assert path.read_bytes().decode() == sample(agent)


BROKEN = {
    "cut": {"json": '{"mcpServers": {"a": {"command": "x"', "toml": "[mcp_servers.a\n", "yaml": "a: [1\n"},
    "of another shape": {"json": "[1, 2]", "toml": "mcp_servers = 3\n", "yaml": "- a\n"},
    "not UTF-8": {"json": "\udcff", "toml": "\udcff", "yaml": "\udcff"},
}


@pytest.mark.parametrize("damage", BROKEN)
@each_agent
def test_a_file_that_cannot_be_read_is_not_touched(agent: Agent, damage: str, tmp_path: Path) -> None:
    """The error names the file, and the file stays as it is, whether to set up or to remove."""
    kind = {"codex": "toml", "continue": "yaml", "goose": "yaml"}.get(agent.name, "json")
    machine, path = machine_with(agent, tmp_path, "")
    broken = BROKEN[damage][kind].encode(errors="surrogateescape")
    path.write_bytes(broken)
    message = re.escape(f"{path} was left as it is: ")
    with pytest.raises(Unreadable, match=message):
        adding(agent, machine, "/bin/coderag", ["mcp"])
    with pytest.raises(Unreadable, match=message):
        removing(agent, machine)
    assert path.read_bytes() == broken


def test_the_part_in_a_file_of_the_user_is_ours_alone(tmp_path: Path) -> None:
    """In CLAUDE.md what the user wrote stays around our part; a part without an end is not touched."""
    agent, machine = AGENTS["claude-code"], Machine(tmp_path)
    file = tmp_path / ".claude" / "CLAUDE.md"
    file.parent.mkdir()
    file.write_text("# Mine\n\nUse tabs.\n")
    set_up(agent, machine)
    file.write_text(file.read_text().replace("`search` to find", "never") + "\nMore of mine.\n")
    set_up(agent, machine)
    assert "`search` to find" in file.read_text()
    take_out(agent, machine)
    assert file.read_text() == "# Mine\n\nUse tabs.\n\nMore of mine.\n"
    file.write_text("<!-- coderag: begin -->\nUse tabs.\n")
    with pytest.raises(Unreadable, match="has no end"):
        adding(agent, machine, "/bin/coderag", ["mcp"])


def test_a_link_and_a_mode_stay(tmp_path: Path) -> None:
    """A file that is a link to another folder is changed there, with the mode that it had."""
    agent = AGENTS["cursor"]
    machine, path = machine_with(agent, tmp_path / "home", "")
    kept = tmp_path / "dotfiles.json"
    kept.write_text("{}\n")
    kept.chmod(0o640)
    path.unlink()
    path.symlink_to(kept)
    set_up(agent, machine)
    assert path.is_symlink()
    assert "coderag" in kept.read_text()
    assert kept.stat().st_mode & 0o777 == 0o640


def coderag(home: Path, *arguments: str) -> Result:
    """`coderag setup` in a home folder."""
    clean = {"HOME": str(home), "XDG_CONFIG_HOME": "", "CODEX_HOME": "", "CLAUDE_CONFIG_DIR": ""}
    return CliRunner().invoke(app, ["setup", *arguments], env=clean)


def test_a_dry_run_only_shows(tmp_path: Path) -> None:
    """--dry-run prints the change of each file as a diff and writes nothing."""
    shown = coderag(
        tmp_path, "claude-code", "--dry-run", "--url", "http://127.0.0.1:9000", "--codebase", "shop"
    )
    assert shown.exit_code == 0
    assert f"+++ {tmp_path}/.claude.json" in shown.stdout
    assert '"args": ["mcp", "--url", "http://127.0.0.1:9000", "--codebase", "shop"]' in shown.stdout
    assert f"+++ {tmp_path}/.claude/CLAUDE.md" in shown.stdout
    assert list(tmp_path.iterdir()) == []


def test_the_command_says_what_it_did(tmp_path: Path) -> None:
    """Each file is named; a second setup and a second --remove say that there is nothing to do."""
    assert coderag(tmp_path, "zed").stdout == (
        f"Made {tmp_path}/.config/zed/settings.json\nRestart Zed, so that it reads this.\n"
    )
    assert coderag(tmp_path, "zed").stdout == "Zed is set up already: nothing to change.\n"
    assert coderag(tmp_path, "zed", "--remove").stdout.startswith("Deleted ")
    assert coderag(tmp_path, "zed", "--remove").stdout == "Zed does not know coderag: nothing to change.\n"


def test_what_cannot_be_done_is_said(tmp_path: Path) -> None:
    """Exit code 2 and one sentence: an unknown agent with those known, a broken file with what to write."""
    unknown = coderag(tmp_path, "emacs")
    assert unknown.exit_code == 2
    assert "no agent 'emacs'; known are claude-code, cursor" in unknown.stderr
    (tmp_path / ".gemini").mkdir()
    (tmp_path / ".gemini" / "settings.json").write_text("{")
    broken = coderag(tmp_path, "gemini")
    assert broken.exit_code == 2
    assert 'Add this to it by hand: {"mcpServers": {"coderag": {"command": "' in broken.stderr
    missing = coderag(tmp_path, "continue")
    assert f"There is no {tmp_path}/.continue/config.yaml: start Continue once" in missing.stderr
