"""Wanted packet filters: UFW, and nftables tables of our own."""

import hashlib
import ipaddress
import re
import shlex

from host import Failure  # bundled
from outcome import Outcome  # bundled


def nft_table(host, item):
    """A loaded table that still is what its rule file made of it, whoever flushed or edited either meanwhile."""
    listing = ["nft", "--stateless", "list", "table", *item["table"].split()]

    def state():
        rules = hashlib.sha256((host.read(item["path"]) or "").encode()).hexdigest()
        code, loaded = host.probe(listing)
        return f"# rules {rules}\n{loaded}" if code == 0 else None

    def load():
        host.run(["nft", "--file", item["path"]])
        host.write(item["record"], state(), "0600")

    now = state()
    same = now is not None and now == host.read(item["record"])
    yield Outcome(f"nftables table {item['table']}", None if same else load)


def ufw(host, item):
    """Rules first, so that switching UFW on never cuts the connection that does it; rules nobody wants go last."""
    if not is_enforcing(host) and "ENABLED=yes" in (host.read("/etc/ufw/ufw.conf") or ""):
        # UFW believes that its chains are loaded, and would fail to add rules to them.
        yield Outcome("ufw loaded", lambda: host.run(["ufw", "--force", "disable"]))
    wanted = {rule_key(rule): rule for rule in item["rules"]}
    present = added(host)
    for key, rule in wanted.items():
        apply = None if key in present else lambda r=rule: host.run(["ufw", *rule_words(r)])
        yield Outcome(f"ufw {rule['port']}/{rule['proto']} from {rule['from']}", apply)
    yield Outcome("ufw enforcing", None if is_enforcing(host) else lambda: enforce(host))
    logging = f"LOGLEVEL={item['logging']}" in (host.read("/etc/ufw/ufw.conf") or "")
    yield Outcome(f"ufw logging {item['logging']}", None if logging else lambda: host.run(["ufw", "logging", item["logging"]]))
    for key, line in present.items():
        if key not in wanted:
            yield Outcome(f"no rule of its own: {line}", lambda text=line: remove(host, wanted, text))


def added(host):
    _, out = host.probe(["ufw", "show", "added"])
    return {added_key(line): line for line in out.splitlines() if line.startswith("ufw ")}


def remove(host, wanted, line):
    """UFW may print a wanted rule in words that we do not know, and then what we take for another's is our own way in."""
    missing = [rule for key, rule in wanted.items() if key not in added(host)]
    if missing:
        raise Failure(f"UFW does not show the rule for port {missing[0]['port']} from {missing[0]['from']}, so {line!r} stays")
    words = shlex.split(line)[1:]
    route = [words.pop(0)] if words[0] == "route" else []
    host.run(["ufw", "--force", *route, "delete", *words])


def enforce(host):
    host.run(["ufw", "--force", "enable"])
    if not is_enforcing(host):
        raise Failure("UFW is enabled, but the kernel's chains do not drop what they should")
    host.fresh.add("ufw.service")


def is_enforcing(host):
    """What the kernel does, not what UFW's own files say."""
    if "Status: active" not in host.probe(["ufw", "status"])[1]:
        return False
    for tool in ("iptables", "ip6tables"):
        _, chains = host.probe([tool, "-S"])
        for line in ("-P INPUT DROP", "-P FORWARD DROP"):
            if line not in chains:
                return False
        if "ufw-user-input" not in chains and "ufw6-user-input" not in chains:
            return False
    return True


def rule_words(rule):
    return ["allow", "proto", rule["proto"], "from", network(rule["from"]), "to", "any", "port", str(rule["port"]), "comment", rule["comment"]]


def rule_key(rule):
    return ("allow", network(rule["from"]), str(rule["port"]), rule["proto"])


def added_key(line):
    """`ufw allow from 198.51.100.7 to any port 22 proto tcp comment 'x'` or `ufw allow 443/tcp`."""
    words = shlex.split(line)[1:]
    if "from" in words and "port" in words and "proto" in words:
        after = {word: words[words.index(word) + 1] for word in ("from", "port", "proto")}
        return (words[0], network(after["from"]), after["port"], after["proto"])
    short = re.fullmatch(r"(\d+)/(tcp|udp)", words[1]) if len(words) > 1 else None
    return (words[0], "any", short[1], short[2]) if short else ("?", line, "", "")


def network(text):
    """UFW prints 0.0.0.0/0 and ::/0 as any, and does not tell one from the other; so any it is, for both."""
    if text == "any":
        return text
    found = ipaddress.ip_network(text, strict=False)
    return str(found) if found.prefixlen else "any"
