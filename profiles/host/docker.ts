import type { DockerSettings } from "./types";

/** Valid from Docker 20.10 on, which has no ip6tables outside its experiments: agent networks are IPv4 only. */
export const cagedDocker: DockerSettings = {
  daemon: {
    // With the cgroupfs driver a container's systemd slice is accepted and limits nothing.
    "exec-opts": ["native.cgroupdriver=systemd"],
    icc: false,
    // A port published by mistake is published to the server alone.
    ip: "127.0.0.1",
    // Containers run on while the daemon is upgraded.
    "live-restore": true,
    "no-new-privileges": true,
    "userland-proxy": false,
    iptables: true,
    "log-driver": "json-file",
    "log-opts": { "max-size": "10m", "max-file": "3" },
    "log-level": "info",
    bip: "10.200.0.1/26",
    // 1024 networks of 62 addresses; the stock pools hold about 30, and each agent has two.
    "default-address-pools": [{ base: "10.201.0.0/16", size: 26 }],
    "default-ulimits": {
      nofile: { Name: "nofile", Soft: 4096, Hard: 8192 },
      core: { Name: "core", Soft: 0, Hard: 0 },
    },
  },
};
