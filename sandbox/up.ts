import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import type Docker from "dockerode";
import { aptSettings, debianImage } from "./baseImage";
import { certificateAuthority } from "./certificates";
import { cloudflaredBinary, findCloudflared } from "./cloudflared";
import { type DockerChoice, dockerAt } from "./docker";
import { startDaemon } from "./dockerDaemon";
import { ensureEmulators } from "./emulators";
import { replaceFile } from "./files";
import { goPrograms } from "./goPrograms";
import { installPrograms } from "./hostPackages";
import { buildImage } from "./images";
import { withLock } from "./lock";
import { addresses, ensureEdgeAddress, ensureNetwork, ports } from "./network";
import { ensureRules } from "./packetRules";
import { networkName, sandboxFiles, sandboxId, sandboxLabel } from "./paths";
import { preflight } from "./preflight";
import { cloudflareAccount, sandboxTokens } from "./tokens";
import { ensureWorldContainer, pushImage, registryHost, registryReady } from "./worldContainer";
import type { World } from "./worldFile";

/** Says what is being done, one line at a time. */
export type Report = (line: string) => void;

/** What the steps of `up` hand on to each other. */
export interface UpContext {
  choice: DockerChoice;
  docker: Docker;
  base: string;
  server: string;
  world: string;
  agent: string;
  connector: string;
  /** Which program the connector is. */
  connectorProgram: string;
  result: World;
}

/** One step of `up`: repeatable, and quick when there is nothing to do. */
export interface UpStep {
  title: string;
  run(context: UpContext, report: Report): Promise<void>;
}

/** The steps of `up`, in order. Run them within {@link withSandboxLock}. */
export const upSteps: UpStep[] = [
  {
    title: "Docker",
    async run(context, report) {
      const found = await preflight();
      await mkdir(sandboxFiles().folder, { recursive: true, mode: 0o700 });
      await installPrograms([...(found ? [] : (["dockerd"] as const)), "ip", "iptables", "nft", "ssh"], report);
      context.choice = found ?? (await startDaemon(report));
      await replaceFile(sandboxFiles().dockerChoice, JSON.stringify(context.choice));
      context.docker = dockerAt(context.choice.socket);
    },
  },
  {
    title: "Images",
    async run(context, report) {
      const { docker } = context;
      const apt = await aptSettings();
      const debian = await debianImage(docker, apt, report);
      const files = { "apt.conf": { content: apt.conf }, "sources.list": { content: apt.sources } };
      context.base = await buildImage(docker, { name: "base", base: debian, extra: files }, report);
      const authority = await certificateAuthority(sandboxFiles().certificates);
      const ca = { "ca.crt": { content: await readFile(authority.certificate) } };
      const { base } = context;
      [context.server, context.world] = await Promise.all([
        buildImage(docker, { name: "server", base, extra: ca }, report),
        buildImage(docker, { name: "world", base }, report),
      ]);
      const go = await goPrograms(docker, base, report);
      const program = (content: Buffer) => ({ content, executable: true });
      context.agent = await buildImage(docker, { name: "agent", extra: { agent: program(go.agent) } }, report);
      const real = await findCloudflared(report);
      context.connectorProgram = real ? `cloudflared ${real.version} (${real.file})` : "stand-in";
      const cloudflared = program(real ? await cloudflaredBinary(real) : go.connector);
      context.connector = await buildImage(docker, { name: "connector", extra: { cloudflared, ...ca } }, report);
    },
  },
  {
    title: "Network, names and registry",
    async run({ docker, choice, world }, report) {
      await ensureNetwork(docker);
      await ensureEdgeAddress();
      await ensureRules(choice.ownDaemon);
      report("starting name server and registry");
      await ensureWorldContainer(docker, world);
      await registryReady(docker);
    },
  },
  {
    title: "Stand-in images in the registry",
    async run(context) {
      const { docker, choice, agent, connector } = context;
      const tokens = await sandboxTokens();
      const { certificate } = await certificateAuthority(sandboxFiles().certificates);
      const { accountId, zoneId, zone, team } = cloudflareAccount;
      context.result = {
        docker: choice,
        network: { name: networkName, subnet: addresses.subnet, gateway: addresses.gateway },
        hetzner: { endpoint: `http://127.0.0.1:${ports.hetzner}/v1`, token: tokens.hetzner },
        digitalocean: { endpoint: `http://127.0.0.1:${ports.digitalocean}`, token: tokens.digitalocean },
        cloudflare: {
          baseUrl: `http://127.0.0.1:${ports.cloudflare}/client/v4`,
          token: tokens.cloudflare,
          ...{ accountId, zoneId, zone, team },
        },
        registry: registryHost,
        registryAddress: addresses.world,
        images: {
          agent: await pushImage(docker, agent, "creel/agent"),
          connector: await pushImage(docker, connector, "creel/connector"),
        },
        connector: context.connectorProgram,
        edge: { address: addresses.edge, log: sandboxFiles().clouds.edgeLog },
        mailbox: `http://127.0.0.1:${ports.cloudflare}/_sandbox/mailbox`,
        ca: certificate,
      };
    },
  },
  {
    title: "Clouds: Hetzner, DigitalOcean, Cloudflare, metadata",
    async run({ choice, server, result }) {
      const { resolvConf, world } = sandboxFiles();
      if (!existsSync(resolvConf)) await replaceFile(resolvConf, `nameserver ${addresses.world}\n`, 0o644);
      await ensureEmulators(await sandboxTokens(), {
        socket: choice.socket,
        network: networkName,
        images: { "debian-12": server },
        resolvConf,
        labels: { [sandboxLabel]: sandboxId() },
      });
      await replaceFile(world, JSON.stringify(result, null, 2));
    },
  },
];

/** Keeps two commands from changing the sandbox at once; the second waits for the first. */
export function withSandboxLock<T>(report: Report, work: () => Promise<T>): Promise<T> {
  return withLock(sandboxFiles().lock, report, work);
}

/**
 * Brings the sandbox up, or finds it up: what is there already stays as it is, what is missing or was half made is made.
 *
 * @throws SandboxError with every reason why it cannot start, before anything was changed
 */
export function worldUp(report: Report): Promise<World> {
  return withSandboxLock(report, async () => {
    const context = {} as UpContext;
    for (const step of upSteps) {
      report(step.title);
      await step.run(context, report);
    }
    return context.result;
  });
}
