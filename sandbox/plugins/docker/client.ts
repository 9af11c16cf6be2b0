import { readFileSync } from "node:fs";
import { join } from "node:path";
import Dockerode from "dockerode";
import { type DockerAddress, parseDockerHost, sshArguments } from "./host";
import { type RegistryCredentials, registryCredentials } from "./registryAuth";
import { SshAgent } from "./sshConnection";

/** The plugin's configuration, as the program or the environment gives it. */
export interface DockerConfig {
  host?: string;
  sshOpts?: string[];
  disableDockerDaemonCheck?: boolean;
  certPath?: string;
  caMaterial?: string;
  certMaterial?: string;
  keyMaterial?: string;
  registryAuth?: Record<string, unknown>[];
}

/** Where Docker's own clients look when nothing is configured. */
const DEFAULT_HOST = "unix:///var/run/docker.sock";

/**
 * One daemon, dialled by the first call that needs it and never before: previews of new resources must work while the
 * server does not exist.
 */
export class DockerHost {
  readonly credentials: RegistryCredentials;
  private readonly host: string;
  private readonly checked: boolean;
  private readonly api: Dockerode;
  private readonly agent: SshAgent | undefined;
  private ready: Promise<Dockerode> | undefined;
  private version: Promise<string> | undefined;

  constructor(config: DockerConfig) {
    this.host = config.host || process.env.DOCKER_HOST || DEFAULT_HOST;
    this.checked = config.disableDockerDaemonCheck !== true;
    this.credentials = registryCredentials(config.registryAuth ?? []);
    const address = parseDockerHost(this.host);
    this.agent = address.kind === "ssh" ? new SshAgent(sshArguments(address, config.sshOpts ?? [])) : undefined;
    this.api = new Dockerode(modemOptions(address, config, this.agent));
  }

  /**
   * The API client, once the daemon has answered. A failed attempt is not remembered.
   *
   * @throws Error naming the host and the cause; over ssh with what `ssh` said.
   */
  async client(): Promise<Dockerode> {
    if (!this.checked) return this.api;
    this.ready ??= this.ping();
    return this.ready;
  }

  private async ping(): Promise<Dockerode> {
    try {
      await this.api.ping();
      return this.api;
    } catch (error) {
      this.ready = undefined;
      throw new Error(
        `Error pinging Docker server, please make sure that ${this.host} is reachable and has a  '_ping' endpoint. ` +
          `Error: ${daemonMessage(error)}`,
      );
    }
  }

  /** The daemon's API version, such as "1.41"; asked once. */
  async apiVersion(): Promise<string> {
    const client = await this.client();
    this.version ??= client.version().then((answer) => answer.ApiVersion);
    return this.version.catch((error) => {
      this.version = undefined;
      throw new Error(daemonMessage(error));
    });
  }

  /** Ends idle connections and the `ssh` processes behind them. */
  close(): void {
    this.agent?.destroy();
  }
}

function modemOptions(address: DockerAddress, config: DockerConfig, agent: SshAgent | undefined) {
  // Every key is set, because the library otherwise fills the gaps from DOCKER_HOST and DOCKER_CERT_PATH.
  const none = {
    host: undefined,
    port: undefined,
    socketPath: undefined,
    ca: undefined,
    cert: undefined,
    key: undefined,
  };
  if (address.kind === "unix") return { ...none, protocol: "http" as const, socketPath: address.path };
  if (address.kind === "ssh")
    return { ...none, protocol: "http" as const, host: "docker.example.com", port: 80, agent };
  const tls = tlsMaterial(config);
  const protocol = tls ? ("https" as const) : ("http" as const);
  return { ...none, protocol, host: address.host, port: address.port, ...tls };
}

function tlsMaterial(config: DockerConfig): { ca?: string; cert?: string; key?: string } | undefined {
  if (config.certMaterial || config.keyMaterial) {
    return { ca: config.caMaterial, cert: config.certMaterial, key: config.keyMaterial };
  }
  if (!config.certPath) return undefined;
  const read = (name: string) => readFileSync(join(config.certPath!, name), "utf8");
  return { ca: read("ca.pem"), cert: read("cert.pem"), key: read("key.pem") };
}

/** True if the daemon said that there is no such thing. */
export function isNotFound(error: unknown): boolean {
  return (error as { statusCode?: number }).statusCode === 404;
}

/** What went wrong, in the words of Docker's own client. */
export function daemonMessage(error: unknown): string {
  const failure = error as { statusCode?: number; json?: { message?: string }; message?: string; code?: string };
  if (failure.statusCode !== undefined) {
    const said = failure.json?.message ?? failure.message ?? `HTTP ${failure.statusCode}`;
    return `Error response from daemon: ${String(said).trim()}`;
  }
  if (failure.code === "ENOENT" || failure.code === "ECONNREFUSED" || failure.code === "EACCES") {
    return `Cannot connect to the Docker daemon. Is the docker daemon running? (${failure.message})`;
  }
  const text = String(failure.message ?? error);
  return text.startsWith("command [") ? `error during connect: ${text}` : text;
}

/** True if version `have` ("1.41") is at least `want`, compared as numbers. */
export function atLeast(have: string, want: string): boolean {
  const [major = 0, minor = 0] = have.split(".").map(Number);
  const [wantMajor = 0, wantMinor = 0] = want.split(".").map(Number);
  return major > wantMajor || (major === wantMajor && minor >= wantMinor);
}
