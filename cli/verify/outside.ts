import { lookup, Resolver } from "node:dns/promises";
import { request } from "node:https";
import { connect, type LookupFunction } from "node:net";
import type { TLSSocket } from "node:tls";
import type { Visit } from "./public/subject";

/** Milliseconds in which a port, a name server or a web server has to answer. */
const patience = 5000;

/** What can be seen of a fleet from this computer. */
export interface Outside {
  /** Which of these TCP ports answer. */
  openPorts(address: string, ports: number[]): Promise<number[]>;
  /** What a name resolves to. Rejects when it does not. */
  addresses(hostname: string): Promise<string[]>;
  /**
   * Sends a GET request. Rejects when there is no answer, or no trusted certificate.
   *
   * @param headers what to come with. Default: without any login
   */
  visit(url: URL, headers?: Record<string, string>): Promise<Visit>;
}

/** Where to look from. */
export interface OutsideOptions {
  /** Address of the name server to ask. Default: as this computer does. */
  resolver?: string;
  /** Certificate authorities to trust, in PEM. Default: those of Node. */
  authorities?: string;
}

/** Looks at a fleet over the network. */
export function lookOutside({ resolver, authorities }: OutsideOptions): Outside {
  const addresses = resolver === undefined ? bySystem : byNameServer(resolver);
  return {
    openPorts: async (address, ports) => {
      const answers = await Promise.all(ports.map(async (port) => ((await isOpen(address, port)) ? [port] : [])));
      return answers.flat();
    },
    addresses,
    visit: async (url, headers = {}) => visit(url, (await addresses(url.hostname))[0]!, authorities, headers),
  };
}

async function bySystem(hostname: string): Promise<string[]> {
  const found = await lookup(hostname, { all: true, order: "ipv4first" });
  return found.map(({ address }) => address);
}

function byNameServer(server: string): Outside["addresses"] {
  const resolver = new Resolver({ timeout: patience, tries: 2 });
  resolver.setServers([server]);
  return (hostname) => resolver.resolve4(hostname);
}

function isOpen(host: string, port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect({ host, port, timeout: patience });
    const end = (open: boolean) => {
      socket.destroy();
      done(open);
    };
    socket.once("connect", () => end(true));
    socket.once("timeout", () => end(false));
    socket.once("error", () => end(false));
  });
}

function visit(
  url: URL,
  address: string,
  authorities: string | undefined,
  headers: Record<string, string>,
): Promise<Visit> {
  // The name is resolved once, so that what was looked at is what was asked.
  const resolved: LookupFunction = (_name, options, done) => {
    const family = address.includes(":") ? 6 : 4;
    if (options.all) done(null, [{ address, family }]);
    else done(null, address, family);
  };
  return new Promise((done, failed) => {
    const asked = request(
      url,
      { lookup: resolved, ca: authorities, agent: false, headers: { ...headers, "user-agent": "creel-verify" } },
      (answer) => {
        const socket = answer.socket as TLSSocket;
        const end = Date.parse(socket.getPeerCertificate().valid_to);
        done({
          status: answer.statusCode ?? 0,
          location: answer.headers.location,
          protocol: socket.getProtocol() ?? "none",
          certificateEnds: Number.isNaN(end) ? "" : new Date(end).toISOString(),
        });
        answer.destroy();
      },
    );
    asked.setTimeout(2 * patience, () => asked.destroy(new Error("no answer")));
    asked.on("error", failed);
    asked.end();
  });
}
