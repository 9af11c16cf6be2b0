import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ServiceTokens } from "../../cli/fleet";
import type { Outside } from "../../cli/verify/outside";
import { forgedHeaders } from "../../cli/verify/public/hostnames";
import type { Visit } from "../../cli/verify/public/subject";
import { verifyText } from "../../cli/verify/text";
import { exitCodeOf, type Result, verifyFleet } from "../../cli/verify/verifyFleet";
import { FakeServers } from "./fakeServers";
import { goodFleet, goodSurvey } from "./goodSurvey";

type Survey = ReturnType<typeof goodSurvey>;
/** What the internet shows of the fleet. */
interface View {
  open: number[];
  addresses: string[];
  operator: Visit;
  bot: Visit;
  /** What who comes with a forged login is answered with. */
  forged: Visit;
  /** What a tenant's program is answered with, by its client id. */
  programs: Record<string, Visit>;
}

const address = "192.0.2.10";
let servers: FakeServers;
beforeAll(async () => {
  servers = await FakeServers.start();
});
afterAll(() => servers.close());

function goodView(): View {
  const visit = { protocol: "TLSv1.3", certificateEnds: new Date(Date.now() + 60 * 86_400_000).toISOString() };
  const location = "https://team.cloudflareaccess.com/cdn-cgi/access/login/atlas.example.com?kid=1";
  return {
    open: [22],
    addresses: ["203.0.113.5"],
    operator: { status: 302, location, ...visit },
    bot: { status: 404, ...visit },
    forged: { status: 403, ...visit },
    programs: { "ana.access": { status: 200, ...visit }, "ben.access": { status: 403, ...visit } },
  };
}

/** A service token of each tenant of which only the first owns an agent. */
function tokens(): ServiceTokens {
  const token = (tenant: string) => ({
    ci: { clientId: `${tenant}.access`, clientSecret: "CANARY-token-7f31", expiresAt: "2099-01-01T00:00:00Z" },
  });
  return { ana: token("ana"), ben: token("ben") };
}

function outside({ open, addresses, operator, bot, forged, programs }: View): Outside {
  return {
    openPorts: async () => open,
    addresses: async (hostname) => {
      if (addresses.length === 0) throw new Error(`getaddrinfo ENOTFOUND ${hostname}`);
      return addresses;
    },
    visit: async ({ hostname }, headers = {}) => {
      if (hostname !== "atlas.example.com") return bot;
      const client = headers["cf-access-client-id"];
      return client === undefined ? operator : (programs[client] ?? forged);
    },
  };
}

async function verify(change: (survey: Survey, view: View) => void): Promise<Result[]> {
  const survey = goodSurvey();
  const view = goodView();
  change(survey, view);
  await servers.answer(address, survey);
  return verifyFleet(goodFleet(), outside(view), { seconds: 20, tokens: tokens() });
}

const notHolding = (results: Result[]) =>
  results.filter(({ verdict }) => verdict !== "holds").map(({ subject, id, verdict }) => `${subject} ${id} ${verdict}`);

const agent = (survey: Survey) => survey.containers.ok[0]!;

/** Each control broken once, by what an attacker or a tired operator does. */
const broken: [string, (survey: Survey, view: View) => void][] = [
  ["reef hardened", ({ converge }) => Object.assign(converge.ok, { ok: false })],
  ["reef drift", ({ drift }) => drift.ok.push("ssh: file /etc/ssh/sshd_config.d/00-creel.conf")],
  ["reef ssh-settings", ({ sshd }) => Object.assign(sshd.ok, { passwordauthentication: ["yes"] })],
  ["reef ssh-settings", ({ sshd }) => Object.assign(sshd.ok, { allowusers: ["ops", "mallory"] })],
  ["reef ssh-algorithms", ({ sshd }) => sshd.ok.macs!.push("hmac-sha1")],
  ["reef firewall", ({ firewall }) => Object.assign(firewall, { ok: "Status: inactive\n" })],
  ["reef firewall", (s) => Object.assign(s.firewall, { ok: `${s.firewall.ok}8080/tcp  ALLOW IN    Anywhere\n` })],
  ["reef firewall", (s) => Object.assign(s.firewall, { ok: s.firewall.ok.replace("deny (inc", "allow (inc") })],
  ["reef guard", ({ guard }) => Object.assign(guard, { ok: "table inet agent_guard {\n}\n" })],
  ["reef guard", ({ guard }) => Object.assign(guard, { ok: guard.ok.replace("169.254.0.0/16", "169.254.1.0/24") })],
  ["reef guard", ({ guard }) => Object.assign(guard, { ok: guard.ok.replace(/^\s*iifname != .* drop\n/m, "") })],
  ["reef guard", ({ guard }) => Object.assign(guard, { ok: guard.ok.replace(/^.*@denied4 .*\n/m, "") })],
  ["reef ports", (_, view) => view.open.push(2375)],
  [
    "reef secret-files",
    ({ secrets }) => Object.assign(secrets.ok["/run/agent-secrets/atlas/TOKEN"]!, { mode: "0444" }),
  ],
  ["reef secret-files", ({ secrets }) => Object.assign(secrets.ok["/etc/agent-secrets"]!, { mode: "0755" })],
  ["reef secret-files", ({ secrets }) => delete secrets.ok["/run/agent-secrets/atlas"]],
  ["reef audit", ({ audit }) => Object.assign(audit.ok, { enabled: false })],
  ["reef audit", ({ audit }) => Object.assign(audit.ok, { loaded: ["logins"] })],
  ["reef strangers", ({ containers }) => containers.ok.push({ ...containers.ok[0]!, name: "miner" })],
  ["atlas present", ({ containers }) => containers.ok.shift()],
  ["atlas runs", (survey) => Object.assign(agent(survey), { health: "unhealthy" })],
  ["atlas image", (s) => Object.assign(agent(s), { image: agent(s).image.replaceAll("a", "b") })],
  ["atlas user", (survey) => Object.assign(agent(survey), { user: "" })],
  ["atlas privileges", (survey) => Object.assign(agent(survey), { privileged: true })],
  ["atlas privileges", (survey) => Object.assign(agent(survey), { securityOpt: [] })],
  ["atlas privileges", (survey) => agent(survey).securityOpt.push("seccomp=unconfined")],
  ["atlas namespaces", (survey) => Object.assign(agent(survey).namespaces, { PidMode: "host" })],
  ["atlas files", (survey) => Object.assign(agent(survey), { readOnly: false })],
  ["atlas files", (survey) => Object.assign(agent(survey).mounts[1]!, { source: "/var/run/docker.sock" })],
  ["atlas files", (survey) => Object.assign(agent(survey).mounts[0]!, { writable: true })],
  ["atlas network", (survey) => agent(survey).ports.push("8080/tcp")],
  ["atlas network", (survey) => agent(survey).networks.push("nova-front")],
  ["atlas limits", (survey) => Object.assign(agent(survey), { memorySwap: -1 })],
  ["atlas limits", (survey) => Object.assign(agent(survey), { cgroupParent: "" })],
  ["atlas-connector-bot user", ({ containers }) => Object.assign(containers.ok[2]!, { user: "21000:21000" })],
  ["atlas.example.com access", (_, view) => Object.assign(view.operator, { status: 200, location: undefined })],
  ["atlas.example.com access", (_, view) => Object.assign(view.operator, { location: "https://evil.example/" })],
  ["atlas.example.com forged-login", (_, view) => Object.assign(view.forged, { status: 200 })],
  ["atlas.example.com tenants", (_, view) => Object.assign(view.programs["ben.access"]!, { status: 200 })],
  ["atlas.example.com tenants", (_, view) => Object.assign(view.programs, { "ana.access": view.operator })],
  ["atlas.example.com certificate", (_, view) => Object.assign(view.operator, { certificateEnds: "2026-01-01" })],
  ["atlas-bot.example.com webhook-paths", (_, view) => Object.assign(view.bot, { status: 200 })],
];

describe("creel verify", () => {
  it("finds nothing wrong with a fleet that is as it should be, over one connection", async () => {
    const results = await verify(() => {});
    expect(notHolding(results)).toEqual([]);
    expect(exitCodeOf(results)).toBe(0);
    const calls = await servers.calls();
    expect(calls).toHaveLength(1);
    expect(calls[0]).toContain("KnownHostsCommand=/bin/echo %H ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGoodKey");
  });

  it.each(broken)("names %s when it is broken, and nothing else", async (name, change) => {
    const results = await verify(change);
    expect(notHolding(results)).toEqual([`${name} broken`]);
    expect(exitCodeOf(results)).toBe(1);
  });

  it("has every control broken in this test", async () => {
    const ids = new Set((await verify(() => {})).map(({ id }) => id));
    const tested = new Set(broken.map(([name]) => name.split(" ")[1]!));
    expect([...ids].filter((id) => !tested.has(id))).toEqual(["names"]);
  });

  it("names a hostname that does not resolve, or leads to a server", async () => {
    const nowhere = await verify((_, view) => view.addresses.splice(0));
    expect(notHolding(nowhere)).toContain("atlas.example.com names broken");
    const origin = await verify((_, view) => view.addresses.push(address));
    expect(notHolding(origin)).toEqual(["atlas.example.com names broken", "atlas-bot.example.com names broken"]);
  });

  it("tells a certificate that is refused from a network without an answer", async () => {
    await servers.answer(address, goodSurvey());
    const visiting = async (code: string) => {
      const visit = () => Promise.reject(Object.assign(new Error(code), { code }));
      return notHolding(await verifyFleet(goodFleet(), { ...outside(goodView()), visit }, { seconds: 20 }));
    };
    expect(await visiting("CERT_HAS_EXPIRED")).toContain("atlas.example.com certificate broken");
    expect(await visiting("ECONNREFUSED")).toContain("atlas.example.com certificate unknown");
  });

  it("counts no control that a server cannot have, and does not fail for it", async () => {
    const results = await verify((survey) => Object.assign(survey.audit, { ok: { kernel: "shared" } }));
    expect(notHolding(results)).toEqual(["reef audit inapplicable"]);
    expect(exitCodeOf(results)).toBe(0);
    expect(verifyText(results, false)).toBe(
      `${results.length - 1} of ${results.length - 1} controls hold, 0 broken, 0 not seen.`,
    );
  });

  it("tries no tenant's token where that is not asked for, and says where one has none", async () => {
    await servers.answer(address, goodSurvey());
    const plain = await verifyFleet(goodFleet(), outside(goodView()), { seconds: 20 });
    expect(plain.filter(({ id }) => id === "tenants")).toEqual([]);
    const { ci } = tokens().ben!;
    const without: ServiceTokens[string][] = [{}, { ci: { ...ci!, expiresAt: "2020-01-01T00:00:00Z" } }];
    for (const ben of without) {
      const options = { seconds: 20, tokens: { ...tokens(), ben } };
      const tried = await verifyFleet(goodFleet(), outside(goodView()), options);
      expect(notHolding(tried)).toEqual(["atlas.example.com tenants unknown"]);
      expect(JSON.stringify(tried)).not.toContain("CANARY");
    }
  });

  it("comes with a forged token, mail address and program, none of which was issued", () => {
    const { "cf-access-jwt-assertion": token, ...others } = forgedHeaders();
    const [head, , signature] = token!.split(".");
    expect(JSON.parse(Buffer.from(head!, "base64url").toString()).alg).toBe("none");
    expect(signature).toBe("");
    expect(Object.keys(others)).toEqual([
      "cf-access-authenticated-user-email",
      "cf-access-client-id",
      "cf-access-client-secret",
    ]);
  });

  it("says what could not be seen, and claims neither", async () => {
    const results = await verify((survey) => Object.assign(survey, { guard: { error: "nft ended with 1" } }));
    expect(notHolding(results)).toEqual(["reef guard unknown"]);
    expect(exitCodeOf(results)).toBe(2);
  });

  it.each(["", "garbage", "{}", '{"survey": 1}', "null", "[".repeat(5000)])("takes %j for no survey", async (text) => {
    await servers.answer(address, text);
    const results = await verifyFleet(goodFleet(), outside(goodView()), { seconds: 20 });
    expect(notHolding(results)).toEqual(["reef reachable unknown"]);
    expect(exitCodeOf(results)).toBe(2);
  });
});
