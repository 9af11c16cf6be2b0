"""Wanted state of systemd units."""

from host import Failure  # bundled
from outcome import Outcome  # bundled


def unit(host, item):
    host.load_units()
    name = item["name"]
    state = unit_state(host, name)
    enabled = state.get("UnitFileState") in ("enabled", "static", "alias", "indirect", "generated")
    if "enabled" in item:
        verb = "enable" if item["enabled"] else "disable"
        apply = None if enabled == item["enabled"] else lambda: host.run(["systemctl", verb, name])
        yield Outcome(f"unit {name} {verb}d", apply)
    if "active" in item:
        active = state.get("ActiveState") in ("active", "reloading", "activating")
        verb = "start" if item["active"] else "stop"
        apply = None if active == item["active"] else lambda: switch(host, verb, name)
        yield Outcome(f"unit {name} {'active' if item['active'] else 'inactive'}", apply)


def unit_state(host, name):
    """What systemd says of a unit; empty when there is no such unit."""
    _, out = host.probe(["systemctl", "show", name, "--property=LoadState,ActiveState,UnitFileState"])
    state = dict(line.split("=", 1) for line in out.splitlines() if "=" in line)
    return {} if state.get("LoadState") in (None, "not-found") else state


def switch(host, verb, name):
    """Runs systemctl, and has the unit itself speak when that fails."""
    host.load_units()
    try:
        host.run(["systemctl", verb, name])
    except Failure as failure:
        _, journal = host.probe(["journalctl", "--unit", name, "--lines=15", "--no-pager", "--output=cat"])
        raise Failure(f"{failure}\n{journal.strip()}") from None
    host.fresh.add(name)


def bring_into_effect(host, reload):
    """What has been started in this run has read its files already, and may not be ready to read them again."""
    if reload["unit"] in host.fresh:
        return
    if "argv" in reload:
        host.run(reload["argv"])
    elif reload["verb"] != "try-restart" or unit_state(host, reload["unit"]):
        switch(host, reload["verb"], reload["unit"])
