"""What is kept of a round that broke a promise."""

import json
import shutil
from pathlib import Path
from typing import Any

from tests.chaos.metrics import scrape
from tests.chaos.place import Place

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "artifacts/chaos"


def summary(events: list[dict[str, Any]]) -> str:
    """What happened, in a sentence for whoever ran it."""
    asked = [event for event in events if "status" in event]
    whole = [event for event in asked if event["status"] == 200]
    less = [event for event in whole if event["degraded"]]
    recoveries = [(event["seconds"], event["name"]) for event in events if event["what"] == "recovered"]
    seconds, name = max(recoveries, default=(0.0, "no round"))
    return (
        f"{len(asked)} questions: {len(whole) - len(less)} answered in full, {len(less)} with less and "
        f"saying so, {len(asked) - len(whole)} not; slowest recovery {seconds} s, after {name}"
    )


def keep(place: Place, name: str, again: str, broken: list[str], events: list[dict[str, Any]]) -> Path:
    """Write events, metrics, logs and how to repeat it to a folder of artifacts/chaos; returns that."""
    folder = FOLDER / name
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "metrics").mkdir(parents=True)
    (folder / "README.txt").write_text("\n".join([f"again: {again}", "", *broken, ""]))
    (folder / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
    for service, url in place.addresses.items():
        (folder / "metrics" / f"{service}.txt").write_text(scrape(url))
    place.save(folder)
    return folder
