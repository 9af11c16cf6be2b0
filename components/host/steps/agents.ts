import { readFileSync } from "node:fs";
import { join } from "node:path";
import { slimPython } from "../program";
import { settingsFile, type WantedStep } from "../wantedState";

const helper = "/usr/local/sbin/creel-agent";

/** What every agent on the server needs: the program that sets one up, and secrets that are back before Docker is. */
export function agentsStep(): WantedStep {
  const source = slimPython(readFileSync(join(__dirname, "..", "creel_agent.py"), "utf8"));
  return {
    name: "agents",
    items: [
      { kind: "file", path: helper, lines: source.split("\n"), mode: "0755" },
      { kind: "directory", path: "/etc/agent-secrets", mode: "0700" },
      // auditd cannot watch what is not there yet when it starts.
      settingsFile("/etc/tmpfiles.d/creel.conf", ["d /run/agent-secrets 0711 root root -"]),
      { kind: "directory", path: "/var/lib/agents", mode: "0711" },
      {
        kind: "file",
        path: "/etc/systemd/system/agent-secrets.service",
        lines: [
          "[Unit]",
          "Description=Puts the agents' secrets into memory",
          // A container whose secrets are missing when Docker starts is not tried again.
          "Before=docker.service",
          "",
          "[Service]",
          "Type=oneshot",
          "RemainAfterExit=yes",
          `ExecStart=${helper} boot`,
          "",
          "[Install]",
          "RequiredBy=docker.service",
        ],
      },
      { kind: "unit", name: "agent-secrets.service", enabled: true, active: true },
    ],
  };
}
