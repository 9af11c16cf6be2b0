import type { FleetAgent, FleetOutput } from "../../cli/fleet";
import type { Outside } from "../../cli/verify/outside";
import type { FakeServers } from "./fakeServers";
import { goodFleet, goodSurvey } from "./goodSurvey";

type Survey = ReturnType<typeof goodSurvey>;

const digest = (digit: string) => `@sha256:${digit.repeat(64)}`;

/** Agents of {@link mixedFleet}: their server, user id and tenant. */
const agents: Record<string, [server: string, uid: number, tenant: string]> = {
  atlas: ["reef-1", 21_000, "ana"],
  "nova-support": ["reef-1", 22_000, "ben"],
  orion: ["atoll", 23_000, "ana"],
  pelagia: ["shoal", 24_000, "research-and-development"],
};

/** A fleet of three servers on two clouds: one has had visitors, one is well, and one is dead. */
export function mixedFleet(): FleetOutput {
  const { hostKey, user } = goodFleet().servers.reef!;
  const server = (ipv4: string, provider: string, location: string, size: string) => {
    return { ipv4, hostKey, user, provider, location, size };
  };
  return {
    servers: {
      "reef-1": { ...server("192.0.2.21", "hcloud", "fsn1", "cx33"), privateIpv4: "10.20.0.2" },
      atoll: { ...server("192.0.2.22", "digitalocean", "fra1", "s-2vcpu-4gb"), ipv6: "2001:db8:4a::1" },
      shoal: server("192.0.2.23", "hcloud", "nbg1", "cx33"),
    },
    agents: Object.fromEntries(Object.keys(agents).map((name) => [name, agentOf(name)])),
  };
}

function agentOf(name: string): FleetAgent {
  const [server, uid, tenant] = agents[name]!;
  const image = `ghcr.io/openclaw/openclaw${digest("a")}`;
  const bot = name === "orion" ? {} : { botUrl: `https://${name}-bot.example.com` };
  const address = { url: `https://${name}.example.com`, ...bot };
  return { server, container: name, image, ...address, uid, tenant, memory: 2048, secretNames: ["MODEL_API_KEY"] };
}

/** What a server of {@link mixedFleet} answers when everything on it is as it should be. */
export function surveyOf(server: string): Survey {
  const survey = goodSurvey();
  const own = Object.keys(agents).filter((name) => agents[name]![0] === server);
  const paths: Survey["secrets"]["ok"] = {};
  for (const [path, file] of Object.entries(survey.secrets.ok)) if (!path.includes("atlas")) paths[path] = file;
  const containers = own.flatMap((name) =>
    survey.containers.ok
      .filter((found) => agentOf(name).botUrl !== undefined || !found.name.endsWith("-bot"))
      .map((found) => containerOf(name, found, paths)),
  );
  return { ...survey, containers: { ok: containers }, secrets: { ok: paths } };
}

type Container = Survey["containers"]["ok"][number];

/** The good fleet's container under another name, with its secrets. */
function containerOf(agent: string, found: Container, paths: Survey["secrets"]["ok"]): Container {
  const name = found.name.replace("atlas", agent);
  const uid = agents[agent]![1] + Number(found.user.split(":")[0]) - 21_000;
  const root = { uid: 0, gid: 0, changed: 1_800_000_000 - 214 * 86_400 };
  const secret = found.name === "atlas" ? "MODEL_API_KEY" : "TUNNEL_TOKEN";
  paths[`/etc/agent-secrets/${name}`] = { ...root, mode: "0700" };
  paths[`/etc/agent-secrets/${name}/${secret}.cred`] = { ...root, mode: "0600" };
  paths[`/run/agent-secrets/${name}`] = { ...root, mode: "0550", gid: uid };
  paths[`/run/agent-secrets/${name}/${secret}`] = { ...root, mode: "0400", uid, gid: uid };
  const rename = (text: string) => text.replaceAll("atlas", agent);
  return {
    ...found,
    name,
    user: `${uid}:${uid}`,
    image: found.name === "atlas" ? agentOf(agent).image : found.image,
    memoryMiB: 1120,
    memoryLimit: 2_147_483_648,
    memorySwap: 2_147_483_648,
    cgroupParent: `agents-${name.replaceAll("-", "_")}.slice`,
    mounts: found.mounts.map((mount) => ({ ...mount, source: rename(mount.source) })),
    networks: found.networks.map(rename),
  };
}

/** Puts the servers of {@link mixedFleet} there: reef-1 after visitors, atoll well, shoal silent. */
export async function answerMixed(servers: FakeServers): Promise<void> {
  const visited = surveyOf("reef-1");
  const [atlas, , , nova] = visited.containers.ok;
  Object.assign(visited.sshd.ok, { passwordauthentication: ["yes"] });
  visited.drift.ok.push("ssh: file /etc/ssh/sshd_config.d/00-creel.conf", "packages: auditd is not installed");
  visited.containers.ok.push({ ...atlas!, name: "xmrig", image: "docker.io/library/xmrig:latest" });
  Object.assign(nova!, { image: `ghcr.io/openclaw/openclaw${digest("b")}`, restarts: 7, memoryMiB: 1990 });
  Object.assign(visited.system.ok, { rebootRequired: true, memoryFreeMiB: 240 });
  Object.assign(visited.bans.ok, { sshd: Array.from({ length: 9 }, (_, i) => `198.51.100.${i + 40}`) });
  await servers.answer("192.0.2.21", visited);
  const well = surveyOf("atoll");
  Object.assign(well.updates.ok, { all: 0, security: 0 });
  Object.assign(well.audit, { ok: { kernel: "shared" } });
  await servers.answer("192.0.2.22", well);
}

/** What the internet shows of {@link mixedFleet}: everything is as it should be, but one certificate is about to end. */
export function mixedOutside(now = Date.now()): Outside {
  const ends = (days: number) => new Date(now + days * 86_400_000).toISOString();
  return {
    openPorts: async () => [22],
    addresses: async () => ["203.0.113.5", "203.0.113.6"],
    visit: async ({ hostname }) => {
      const tls = { protocol: "TLSv1.3", certificateEnds: ends(hostname === "orion.example.com" ? 3 : 61) };
      if (hostname.includes("-bot.")) return { status: 404, ...tls };
      return { status: 302, location: "https://team.cloudflareaccess.com/cdn-cgi/access/login", ...tls };
    },
  };
}
