import type { FleetOutput } from "../../cli/fleet";
import type { DeepSurvey, FoundContainer } from "../../cli/survey";
import { goodGuard } from "./goodGuard";

const digest = (digit: string) => `@sha256:${digit.repeat(64)}`;

/** A fleet of one server and one agent with webhooks. */
export function goodFleet(): FleetOutput {
  return {
    servers: { reef: { ipv4: "192.0.2.10", hostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGoodKey", user: "ops" } },
    agents: {
      atlas: {
        server: "reef",
        container: "atlas",
        image: `registry.example.com/agent${digest("a")}`,
        url: "https://atlas.example.com",
        botUrl: "https://atlas-bot.example.com",
        uid: 21_000,
        tenant: "ana",
      },
    },
  };
}

/** What the server of {@link goodFleet} answers when everything is as it should be. */
export function goodSurvey() {
  const names: [string, number][] = [
    ["atlas", 21_000],
    ["atlas-connector", 41_000],
    ["atlas-connector-bot", 81_000],
  ];
  return {
    survey: 1,
    system: { ok: { now: 1_800_000_000, uptime: 86_400, memoryMiB: 3900, memoryFreeMiB: 2100, rebootRequired: false } },
    converge: { ok: { profile: "production", version: "0123456789ab", finished: "2027-01-15T06:00:00Z", ok: true } },
    updates: { ok: { all: 3, security: 1 } },
    bans: { ok: { sshd: ["198.51.100.7"], recidive: ["198.51.100.7"] } },
    containers: { ok: names.map(([name, uid]) => goodContainer(name, uid)) },
    sshd: { ok: sshdSettings() },
    firewall: { ok: ufwStatus },
    guard: { ok: goodGuard },
    drift: { ok: [] as string[] },
    secrets: { ok: secretFiles(names) },
    audit: {
      ok: { kernel: "own", wanted: ["agent-secrets", "logins"], loaded: ["agent-secrets", "logins"], enabled: true },
    },
  } satisfies DeepSurvey;
}

function goodContainer(name: string, uid: number): FoundContainer {
  const isAgent = name === "atlas";
  const mount = (source: string, target: string, writable: boolean) => ({ type: "bind", source, target, writable });
  return {
    name,
    image: isAgent ? `registry.example.com/agent${digest("a")}` : `registry.example.com/cloudflared${digest("c")}`,
    user: `${uid}:${uid}`,
    variables: ["PATH"],
    running: true,
    health: "healthy",
    started: "2027-01-15T07:00:00.123456789Z",
    restarts: 0,
    memoryMiB: 120,
    privileged: false,
    readOnly: true,
    capAdd: [],
    capDrop: ["ALL"],
    securityOpt: ["no-new-privileges:true"],
    devices: 0,
    namespaces: { PidMode: "", IpcMode: "private", UTSMode: "", UsernsMode: "", NetworkMode: "default" },
    cgroupParent: `agents-${name.replaceAll("-", "_")}.slice`,
    memoryLimit: 268_435_456,
    memorySwap: 268_435_456,
    mounts: [
      mount(`/run/agent-secrets/${name}`, "/run/secrets", false),
      ...(isAgent ? [mount("/var/lib/agents/atlas/data", "/data", true)] : []),
    ],
    ports: [],
    publishAll: false,
    networks: ["atlas-egress", "atlas-front"],
  };
}

function sshdSettings(): Record<string, string[]> {
  const no = [
    ...["permitrootlogin", "passwordauthentication", "kbdinteractiveauthentication", "permitemptypasswords"],
    ...["hostbasedauthentication", "permituserenvironment", "x11forwarding", "allowtcpforwarding"],
    ...["allowagentforwarding", "allowstreamlocalforwarding", "permittunnel", "gatewayports"],
  ];
  return {
    ...Object.fromEntries(no.map((key) => [key, ["no"]])),
    port: ["22"],
    pubkeyauthentication: ["yes"],
    allowusers: ["ops"],
    kexalgorithms: ["sntrup761x25519-sha512@openssh.com,curve25519-sha256"],
    ciphers: ["chacha20-poly1305@openssh.com,aes256-gcm@openssh.com"],
    macs: ["hmac-sha2-256-etm@openssh.com"],
    hostkeyalgorithms: ["ssh-ed25519,rsa-sha2-512"],
    pubkeyacceptedalgorithms: ["ssh-ed25519,rsa-sha2-512"],
    casignaturealgorithms: ["ssh-ed25519"],
  };
}

const ufwStatus = `Status: active
Logging: on (low)
Default: deny (incoming), allow (outgoing), deny (routed)
New profiles: skip

To                         Action      From
--                         ------      ----
22/tcp                     ALLOW IN    198.51.100.0/24            # ssh admin
22/tcp (v6)                ALLOW IN    2001:db8::/32              # ssh admin
`;

function secretFiles(names: [string, number][]) {
  // A month before the survey.
  const changed = 1_800_000_000 - 30 * 86_400;
  const root = { uid: 0, gid: 0, changed };
  const found: Record<string, { mode: string; uid: number; gid: number; changed: number }> = {
    "/etc/agent-secrets": { mode: "0700", ...root },
    "/run/agent-secrets": { mode: "0711", ...root },
  };
  for (const [name, uid] of names) {
    found[`/etc/agent-secrets/${name}`] = { mode: "0700", ...root };
    found[`/etc/agent-secrets/${name}/agent.json`] = { mode: "0600", ...root };
    found[`/etc/agent-secrets/${name}/TOKEN.cred`] = { mode: "0600", ...root };
    found[`/run/agent-secrets/${name}`] = { mode: "0550", ...root, gid: uid };
    found[`/run/agent-secrets/${name}/TOKEN`] = { mode: "0400", uid, gid: uid, changed };
  }
  return found;
}
