import { createHash } from "node:crypto";
import path from "node:path";
import { PassThrough } from "node:stream";
import { text as readText } from "node:stream/consumers";
import type Docker from "dockerode";
import { certificateAuthority, serverCertificate } from "./certificates";
import { addresses, upstreamNameServers } from "./network";
import { networkName, sandboxFiles, sandboxId, sandboxLabel } from "./paths";
import { cloudflareAccount } from "./tokens";

export const worldContainer = "creel-world";
export const registryHost = "registry.creel.test";

/** Label with a hash of what the container was made from; another hash, another container. */
const specLabel = "creel.sandbox.spec";

/** Makes and starts the container that serves names and images, or finds it as it should be. */
export async function ensureWorldContainer(docker: Docker, image: string): Promise<void> {
  const { certificates } = sandboxFiles();
  const authority = await certificateAuthority(certificates);
  const leaf = await serverCertificate(certificates, "registry", [registryHost]);
  const names = [
    // Names under .test that are not ours do not exist; everything else is asked for upstream.
    `--host-record=${registryHost},${addresses.world}`,
    "--local=/test/",
    ...edgeNames(),
    ...upstreamNameServers().map((server) => `--server=${server}`),
    `--listen-address=${addresses.world}`,
    "--bind-interfaces",
    "--cache-size=1000",
  ];
  const mount = (file: string) => `${file}:/etc/creel/${path.basename(file)}:ro`;
  const spec: Docker.ContainerCreateOptions = {
    Image: image,
    Cmd: ["/bin/sh", "/usr/local/bin/start", ...names],
    Env: ["SSL_CERT_FILE=/etc/creel/ca.crt"],
    HostConfig: {
      Binds: [authority.certificate, leaf.certificate, leaf.key].map(mount),
      NetworkMode: networkName,
      // The container itself asks Docker's resolver, which does not know this name.
      ExtraHosts: [`${registryHost}:${addresses.world}`],
      RestartPolicy: { Name: "no" },
      LogConfig: { Type: "json-file", Config: { "max-size": "10m", "max-file": "2" } },
    },
    NetworkingConfig: { EndpointsConfig: { [networkName]: { IPAMConfig: { IPv4Address: addresses.world } } } },
  };
  const hash = createHash("sha256").update(JSON.stringify(spec)).digest("hex").slice(0, 12);
  const container = docker.getContainer(worldContainer);
  const present = await container.inspect().catch(() => undefined);
  if (present?.State.Running && present.Config.Labels[specLabel] === hash) return;
  if (present) await container.remove({ force: true, v: true });
  const labels = { [sandboxLabel]: sandboxId(), [specLabel]: hash };
  await docker.createContainer({ ...spec, name: worldContainer, Hostname: "world", Labels: labels });
  await container.start();
}

/**
 * The names under which Cloudflare's network is found. Each zone is its own and everything below it, whether there is a
 * record or not: it is the edge that knows, and says so.
 *
 * Connectors ask for the SRV record first, see https://developers.cloudflare.com/cloudflare-one/connections/connect-networks/configure-tunnels/tunnel-with-firewall/.
 */
function edgeNames(): string[] {
  const regions = ["region1.v2.argotunnel.com", "region2.v2.argotunnel.com"];
  const names = [cloudflareAccount.zone, `${cloudflareAccount.team}.cloudflareaccess.com`, ...regions];
  return [
    // `local` keeps questions for other kinds of record from going upstream, where the real names are.
    ...["argotunnel.com", "cloudflareaccess.com", cloudflareAccount.zone].map((name) => `--local=/${name}/`),
    ...names.map((name) => `--address=/${name}/${addresses.edge}`),
    ...regions.map((name) => `--srv-host=_v2-origintunneld._tcp.argotunnel.com,${name},7844,1,1`),
  ];
}

/** Waits until the registry answers over TLS with the sandbox's certificate. */
export async function registryReady(docker: Docker): Promise<void> {
  for (const end = Date.now() + 30_000; ; ) {
    const check = await run(docker, [
      "curl",
      "-sS",
      "-m",
      "3",
      "--cacert",
      "/etc/creel/ca.crt",
      `https://${registryHost}/v2/`,
    ]);
    if (check.exitCode === 0) return;
    if (Date.now() > end) throw new Error(`${registryHost} does not answer: ${check.output.trim()}`);
    await new Promise((done) => setTimeout(done, 250));
  }
}

/** Skopeo reads an archive twice, so it needs a file. */
const copyScript = `archive=$(mktemp) && trap 'rm -f "$archive"' EXIT && cat > "$archive" \
  && skopeo copy -q "docker-archive:$archive" "$1"`;

/**
 * Puts an image of the Docker daemon into the registry, unless it is there.
 *
 * @param repository name in the registry, without host
 * @returns `host/repository@sha256:…`, the digest as the registry has it
 */
export async function pushImage(docker: Docker, image: string, repository: string): Promise<string> {
  const tag = image.split(":").at(-1)!;
  const present = await digestOf(docker, repository, tag);
  if (present) return `${registryHost}/${repository}@${present}`;
  const target = `docker://${registryHost}/${repository}:${tag}`;
  // Compressed layers differ from run to run; the digest is read back, not foretold.
  const copy = ["sh", "-c", copyScript, "copy", target];
  const { exitCode, output } = await run(docker, copy, await docker.getImage(image).get());
  if (exitCode !== 0) throw new Error(`${image} cannot be put into the registry: ${output.trim()}`);
  const pushed = await digestOf(docker, repository, tag);
  if (!pushed) throw new Error(`${target} was pushed, but the registry has no such image`);
  return `${registryHost}/${repository}@${pushed}`;
}

async function digestOf(docker: Docker, repository: string, tag: string): Promise<string | undefined> {
  const accept = "Accept: application/vnd.docker.distribution.manifest.v2+json";
  const head = ["curl", "-sS", "-I", "-m", "10", "-H", accept];
  const { output } = await run(docker, [...head, `https://${registryHost}/v2/${repository}/manifests/${tag}`]);
  return /^HTTP\/\S+ 200/.test(output) ? /^docker-content-digest: (\S+)/im.exec(output)?.[1] : undefined;
}

/** Runs a program in the world container, with something to read on its standard input if given. */
async function run(
  docker: Docker,
  command: string[],
  input?: NodeJS.ReadableStream,
): Promise<{ exitCode: number; output: string }> {
  const attached = { AttachStdin: input !== undefined, AttachStdout: true, AttachStderr: true };
  const exec = await docker.getContainer(worldContainer).exec({ Cmd: command, ...attached });
  const stream = await exec.start({ hijack: true, stdin: input !== undefined });
  const output = new PassThrough();
  docker.modem.demuxStream(stream, output, output);
  stream.once("end", () => output.end());
  const said = readText(output);
  // A program that ends early closes its input; what it said is the better explanation.
  stream.on("error", () => output.end());
  input?.pipe(stream);
  return { output: await said, exitCode: (await exec.inspect()).ExitCode ?? -1 };
}
