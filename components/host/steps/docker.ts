import type { HostProfile } from "../../../profiles/host";
import type { HostFacts, WantedStep } from "../wantedState";

export function dockerStep(profile: HostProfile, facts: HostFacts): WantedStep {
  const daemonJson = "/etc/docker/daemon.json";
  return {
    name: "docker",
    items: [
      { kind: "file", path: daemonJson, lines: JSON.stringify(profile.docker.daemon, null, 2).split("\n") },
      { kind: "unit", name: "docker.service", enabled: true, active: true },
      // Deployments reach the daemon over SSH as this user, who is an administrator anyway.
      { kind: "member", user: facts.user, group: "docker" },
    ],
    // Docker 20.10 cannot say what it thinks of its settings before it starts.
    validate: [
      ["sh", "-c", `! dockerd --help | grep -q -- --validate || dockerd --validate --config-file ${daemonJson}`],
    ],
    reload: [{ unit: "docker.service", verb: "restart" }],
    probes: [
      {
        label: "Docker limits containers through systemd",
        argv: ["docker", "info", "--format", "cgroup driver {{.CgroupDriver}}"],
        expect: "cgroup driver systemd",
      },
    ],
  };
}
