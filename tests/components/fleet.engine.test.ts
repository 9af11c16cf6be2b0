import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Deployment } from "../../cli/deployment";
import { prepareEngine } from "../../engine/engine";
import { deepSet, goodFleet } from "./goodFleet";

const canary = "CANARY-of-the-preview-7d2e90";

/** How the engine writes a text that nobody knows yet, such as the id of a server to come. */
const notYetKnown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** What the preview's JSON says of one resource. */
interface Step {
  op: string;
  urn: string;
  newState: {
    type: string;
    provider?: string;
    deletedWith?: string;
    replaceWith?: string[];
    dependencies?: string[];
  };
}

/** The program of the stack as the engine sees it: nothing is deployed, and no cloud or server is asked. */
describe("the fleet's program under the engine", () => {
  let deployment: Deployment;
  let preview: string;
  let steps: Step[];

  beforeAll(async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "creel-fleet-"));
    deployment = await Deployment.open({ folder, environment: "sandbox", engine: await prepareEngine({}) });
    const fleet = goodFleet();
    deepSet(fleet, "agents.atlas.bot", { hostname: "atlas-bot.example.com", routes: ["slack"] });
    await deployment.configure([{ path: ["creel:fleet"], value: fleet }]);
    await deployment.setSecret("hcloud:token", "h".repeat(64));
    await deployment.setSecret("cloudflare:apiToken", "c".repeat(40));
    await deployment.setSecret("creel:secrets.atlas.MODEL_API_KEY", canary);
    await deployment.setSecret("creel:secrets.atlas.SLACK_SIGNING_SECRET", "CANARY-slack");
    preview = (await deployment.pulumi(["preview", "--json"])).stdout;
    steps = (JSON.parse(preview) as { steps: Step[] }).steps;
  });

  afterAll(() => deployment?.remove());

  const short = (urn: string) => urn.split("::").slice(2).join("::");
  const state = (ending: string) => {
    const found = steps.filter(({ urn }) => urn.endsWith(ending));
    expect(found, ending).toHaveLength(1);
    return found[0]!.newState;
  };

  it("makes what it has always made, under the same names", () => {
    const fleet = "create creel:index:Fleet";
    const server = `${fleet}$creel:index:HardenedServer`;
    const agent = `${fleet}$creel:index:AgentContainer`;
    const tunnel = `${fleet}$creel:index:AgentTunnel`;
    const policy = `${fleet}$creel:index:AccessPolicy`;
    const zone = `${fleet}$creel:index:ZoneEdge`;
    expect(steps.map(({ urn, op }) => `${op} ${short(urn)}`).sort()).toEqual(
      [
        "create pulumi:pulumi:Stack::creel-sandbox",
        "create pulumi:providers:cloudflare::tunnels",
        "create pulumi:providers:cloudflare::zone-settings",
        `${fleet}::fleet`,
        `${fleet}$pulumi:index:Stash::fleet-placement`,
        `${fleet}$pulumi:providers:docker::reef`,
        `${fleet}$docker:index/remoteImage:RemoteImage::reef-connector-image`,
        `${server}::reef`,
        `${server}$random:index/randomPassword:RandomPassword::reef-host-key-seed`,
        `${server}$hcloud:index/firewall:Firewall::reef`,
        `${server}$hcloud:index/sshKey:SshKey::reef`,
        `${server}$hcloud:index/server:Server::reef`,
        `${server}$command:local:Command::reef-host-key-stage`,
        `${server}$command:local:Command::reef-host-key-activate`,
        `${server}$command:local:Command::reef-converge`,
        `${policy}::ana`,
        `${policy}$cloudflare:index/zeroTrustAccessGroup:ZeroTrustAccessGroup::ana`,
        `${policy}$cloudflare:index/zeroTrustAccessPolicy:ZeroTrustAccessPolicy::ana-allow`,
        `${agent}::atlas`,
        `${agent}$command:local:Command::atlas-host`,
        `${agent}$docker:index/network:Network::atlas-egress`,
        `${agent}$docker:index/network:Network::atlas-front`,
        `${agent}$docker:index/remoteImage:RemoteImage::atlas-image`,
        `${agent}$docker:index/container:Container::atlas`,
        `${tunnel}::atlas`,
        `${tunnel}$cloudflare:index/zeroTrustAccessApplication:ZeroTrustAccessApplication::atlas-ana.example.com`,
        `${tunnel}$random:index/randomPassword:RandomPassword::atlas-tunnel-secret`,
        `${tunnel}$cloudflare:index/zeroTrustTunnelCloudflared:ZeroTrustTunnelCloudflared::atlas`,
        `${tunnel}$cloudflare:index/zeroTrustTunnelCloudflaredConfig:ZeroTrustTunnelCloudflaredConfig::atlas`,
        `${tunnel}$command:local:Command::atlas-connector-host`,
        `${tunnel}$docker:index/container:Container::atlas-connector`,
        `${tunnel}$cloudflare:index/dnsRecord:DnsRecord::atlas-ana.example.com`,
        `${tunnel}$random:index/randomPassword:RandomPassword::atlas--bot-tunnel-secret`,
        `${tunnel}$cloudflare:index/zeroTrustTunnelCloudflared:ZeroTrustTunnelCloudflared::atlas--bot`,
        `${tunnel}$cloudflare:index/zeroTrustTunnelCloudflaredConfig:ZeroTrustTunnelCloudflaredConfig::atlas--bot`,
        `${tunnel}$command:local:Command::atlas-connector-bot-host`,
        `${tunnel}$docker:index/container:Container::atlas-connector-bot`,
        `${tunnel}$cloudflare:index/dnsRecord:DnsRecord::atlas-bot.example.com`,
        `${zone}::example.com`,
        `${zone}$cloudflare:index/ruleset:Ruleset::example.com-firewall`,
        `${zone}$cloudflare:index/ruleset:Ruleset::example.com-rate-limit`,
        `${zone}$cloudflare:index/ruleset:Ruleset::example.com-managed`,
        `${zone}$cloudflare:index/zoneSetting:ZoneSetting::example.com-always-use-https`,
        `${zone}$cloudflare:index/zoneSetting:ZoneSetting::example.com-min-tls-version`,
        `${zone}$cloudflare:index/zoneSetting:ZoneSetting::example.com-security-header`,
        `${zone}$cloudflare:index/zoneSetting:ZoneSetting::example.com-tls-1-3`,
        `${zone}$cloudflare:index/botManagement:BotManagement::example.com-bots`,
      ].sort(),
    );
  });

  it("ties everything on the server to the server: it goes and comes with it", () => {
    const server = steps.find(({ newState }) => newState.type === "hcloud:index/server:Server")!.urn;
    const onServer = steps.filter(({ newState: { type } }) => /^(docker|command):/.test(type));
    expect(onServer).toHaveLength(13);
    for (const { urn, newState } of onServer) {
      // A connector is stopped first: a tunnel that has connections cannot be deleted.
      const stopped = /connector(-bot)?-host$/.test(urn);
      expect(newState, urn).toMatchObject({ replaceWith: [server], ...(stopped ? {} : { deletedWith: server }) });
      expect(newState.deletedWith !== undefined && newState.deletedWith !== "", urn).toBe(!stopped);
      if (!/HardenedServer/.test(urn)) expect(newState, urn).toMatchObject({ replacementTrigger: notYetKnown });
    }
  });

  it("sends Docker to the server and never to the computer that runs Pulumi", () => {
    const docker = steps.filter(({ newState: { type } }) => type.startsWith("docker:"));
    for (const { urn, newState } of docker) {
      expect(newState.provider, urn).toContain("::creel:index:Fleet$pulumi:providers:docker::reef::");
    }
  });

  it("keeps tunnels in a process apart from the Access resources", () => {
    const provider = (ending: string) => state(ending).provider?.split("::")[3];
    expect(provider("ZeroTrustTunnelCloudflared::atlas")).toBe("tunnels");
    expect(provider("ZeroTrustTunnelCloudflaredConfig::atlas")).toBe("tunnels");
    expect(provider("ZeroTrustTunnelCloudflared::atlas--bot")).toBe("tunnels");
    expect(provider("ZoneSetting::example.com-tls-1-3")).toBe("zone-settings");
    for (const other of [
      "ZeroTrustAccessApplication::atlas-ana.example.com",
      "ZeroTrustAccessPolicy::ana-allow",
      "DnsRecord::atlas-ana.example.com",
    ]) {
      expect(provider(other), other).toMatch(/^default/);
    }
  });

  it("makes the public name last", () => {
    const needs = (ending: string) => (state(ending).dependencies ?? []).map(short);
    expect(needs("DnsRecord::atlas-ana.example.com")).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/ZeroTrustAccessApplication::atlas-ana.example.com$/),
        expect.stringMatching(/ZeroTrustTunnelCloudflaredConfig::atlas$/),
        expect.stringMatching(/Container::atlas-connector$/),
        expect.stringMatching(/Container::atlas$/),
        expect.stringMatching(/Ruleset::example.com-firewall$/),
      ]),
    );
    expect(needs("DnsRecord::atlas-bot.example.com")).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/ZeroTrustTunnelCloudflaredConfig::atlas--bot$/),
        expect.stringMatching(/Container::atlas-connector-bot$/),
        expect.stringMatching(/Container::atlas$/),
        expect.stringMatching(/Ruleset::example.com-firewall$/),
        expect.stringMatching(/ZoneSetting::example.com-always-use-https$/),
      ]),
    );
    expect(needs("docker:index/container:Container::atlas-connector")).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/Command::atlas-connector-host$/),
        expect.stringMatching(/ZeroTrustTunnelCloudflaredConfig::atlas$/),
      ]),
    );
    expect(needs("docker:index/container:Container::atlas")).toEqual(
      expect.arrayContaining([expect.stringMatching(/Command::atlas-host$/)]),
    );
    expect(needs("Command::atlas-host")).toContainEqual(expect.stringMatching(/Command::reef-converge$/));
  });

  it("shows the secret nowhere", () => {
    for (const form of [canary, Buffer.from(canary).toString("base64")]) expect(preview).not.toContain(form);
  });

  it("tells everything that is wrong at once, and only that", async () => {
    await deployment.configure([
      { path: ["creel:fleet", "agents", "atlas", "image"], value: "openclaw:latest" },
      { path: ["creel:fleet", "agents", "atlas", "server"], value: "reff" },
      { path: ["creel:fleet", "agents", "atlas", "memmory"], value: "1GiB" },
      { path: ["creel:secrets", "atlas", "PLAIN"], value: "CANARY-in-plain-text" },
      { path: ["hcloud:token"], value: "too-short-a-token" },
    ]);
    const { exitCode, stdout, stderr } = await deployment.pulumi(["up", "--yes"], { reject: false });
    const output = stdout + stderr;
    expect(exitCode).not.toBe(0);
    const lines = output.split("\n").map((line) => line.trim());
    const start = lines.findLastIndex((line) => line.includes("creel:fleet has"));
    expect(lines[start]).toMatch(/creel:fleet has 6 faults; nothing was changed$/);
    expect(lines.slice(start + 1, start + 7)).toEqual([
      expect.stringMatching(/^agents\.atlas\.image +"openclaw:latest" has no digest: write openclaw@sha256:…/),
      expect.stringMatching(/^agents\.atlas\.memmory +is not a known setting: did you mean memory\?/),
      expect.stringMatching(/^agents\.atlas\.server +"reff" is not a server: did you mean reef\? \(servers: reef\)$/),
      expect.stringMatching(/^creel:secrets\.atlas\.PLAIN +is in plain text in the stack file: /),
      expect.stringMatching(/^hcloud:token +is in plain text in the stack file: /),
      expect.stringMatching(/^hcloud:token +has 17 characters and is no token: /),
    ]);
    expect(output).not.toMatch(/CANARY|too-short-a-token|\.ts:\d|\.js:\d/);
    const exported = JSON.parse((await deployment.pulumi(["stack", "export"])).stdout) as {
      deployment: { resources?: { type: string }[] };
    };
    const made = (exported.deployment.resources ?? []).map(({ type }) => type);
    expect(made.filter((type) => type !== "pulumi:pulumi:Stack")).toEqual([]);
  });
});
