import type { DockerDaemon } from "./dockerDaemon";

/**
 * A program with one container that has the whole property set which must not drift, and its networks.
 *
 * `extra` and `options` are JavaScript object texts laid over the container's arguments and options.
 */
export function cage(daemon: DockerDaemon, extra = "{}", options = "{}", provider = `host: "unix://${daemon.socket}"`) {
  const inside = daemon.subnet.replace(/\.0\/24$/, ".7");
  return `
    const opts = { provider: new docker.Provider("host", { ${provider} }) };
    const network = new docker.Network("net", {
      options: { "com.docker.network.bridge.enable_icc": "false" },
      labels: [{ label: "agent", value: "atlas" }],
    }, opts);
    const inner = new docker.Network("inner", { internal: true, ipamConfigs: [{ subnet: "${daemon.subnet}" }] }, opts);
    const container = new docker.Container("cage", {
      image: "box:1",
      command: ["sleep"],
      user: "20001:20001",
      readOnly: true,
      init: true,
      capabilities: { drops: ["ALL"], adds: ["CAP_CHOWN"] },
      securityOpts: ["no-new-privileges:true"],
      tmpfs: { "/tmp": "rw,noexec,nosuid,nodev,size=64m" },
      memory: 64, memorySwap: 64, memoryReservation: 32,
      cpuShares: 512,
      cpus: "0.5",
      shmSize: 16,
      networksAdvanced: [
        { name: network.name },
        { name: inner.name, ipv4Address: "${inside}", aliases: ["agent", "atlas"] },
      ],
      mounts: [
        { type: "bind", source: "${daemon.folder}", target: "/run/secrets", readOnly: true },
        { type: "bind", source: "${daemon.folder}", target: "/state" },
      ],
      healthcheck: { tests: ["CMD", "/bin/box", "ok"], interval: "1s", timeout: "30s", startPeriod: "1m0s", retries: 2 },
      logDriver: "json-file",
      logOpts: { "max-size": "10m", "max-file": "3" },
      ulimits: [{ name: "nofile", soft: 1024, hard: 4096 }, { name: "core", soft: 0, hard: 0 }],
      sysctls: { "net.ipv4.ip_unprivileged_port_start": "1024" },
      hosts: [{ host: "gateway.internal", ip: "${daemon.gateway}" }],
      dns: ["${daemon.gateway}"],
      envs: ["B=2", pulumi.secret("A=canary")],
      labels: [{ label: "z", value: "1" }, { label: "a", value: "2" }],
      restart: "unless-stopped",
      destroyGraceSeconds: 5,
      stopTimeout: 7,
      ipcMode: "private",
      wait: true,
      waitTimeout: 30,
      ...${extra},
    }, { ...opts, ...${options} });
    exports.name = container.name;
    exports.id = container.id;
  `;
}
