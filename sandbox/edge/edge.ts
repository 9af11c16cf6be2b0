import { randomBytes } from "node:crypto";
import type { FastifyInstance } from "fastify";
import type { CloudflareWorld } from "../clouds/cloudflare/world";
import { edgeCertificates } from "./certificates";
import { type Decision, decisionRing, type LogLine, registerDecisions } from "./decisions";
import { failurePage } from "./failurePage";
import { createFront } from "./front";
import { createGeography } from "./geography";
import { cfRay } from "./headers";
import type { Layers } from "./layers";
import { type Listen, openListeners, type Unreadable } from "./listeners";
import type { Step } from "./request";
import { zoneOfHost } from "./routing";
import type { TunnelEdge } from "./tunnel";
import { zoneRules } from "./zoneRules";

export interface EdgeOptions {
  /** What the API holds; read anew for every request. */
  world: CloudflareWorld;
  /** Saves what connections and logins changed in it. */
  save(): Promise<void>;
  /** Writes one line of the log. */
  log(line: LogLine): void;
  /** Folder of the sandbox's certificate authority. */
  certificates: string;
  listen: Listen;
}

/** Cloudflare's network, as far as the sandbox has it. */
export interface Edge {
  /** The ports it listens on. */
  ports: { https: number; http: number; tunnel: number };
  /** To be called after every change through the API: connections follow it. */
  sync(): void;
  /** Adds the routes under `/_sandbox/` to the emulator of the API. */
  register(app: FastifyInstance): void;
  close(): Promise<void>;
}

/** What stands behind the front. */
export interface Parts extends Layers {
  tunnels: TunnelEdge;
}

/**
 * Opens the listeners and serves through the given parts.
 *
 * @param makeParts is given where they write the log
 * @throws Error when a port is taken
 */
export async function openEdge(
  { world, certificates, listen, ...options }: Omit<EdgeOptions, "save">,
  makeParts: (log: (line: LogLine) => void) => Parts,
): Promise<Edge> {
  const ring = decisionRing();
  const log = (line: LogLine) => {
    ring.add(line);
    options.log(line);
  };
  const geography = createGeography();
  const shown = edgeCertificates({ folder: certificates, world });
  const { tunnels, ...layers } = makeParts(log);

  /** A line about something that never became a request. */
  const unread = (what: Omit<Unreadable, "failure">, status: number): Decision => {
    const { address, serverName, reason } = what;
    const steps: Step[] = [{ by: "edge", verdict: "block", reason }];
    const ray = randomBytes(8).toString("hex");
    const [time, country] = [new Date().toISOString(), geography.countryOf(address)];
    const asked = { client: address, country, method: "", host: serverName, path: "" };
    return { kind: "request", time, ray, ...asked, status, by: "edge", reason, steps, milliseconds: 0 };
  };

  const listeners = await openListeners({
    listen,
    certificate: async (serverName, tls, address) => {
      const zone = zoneOfHost(world, serverName);
      const lowest = zone && zoneRules(world, zone).lowestTls;
      // Names of TLS versions sort by age, TLSv1 first.
      const tooOld = lowest !== undefined && tls < lowest;
      const certificate = tooOld ? undefined : await shown.forName(serverName);
      if (!certificate) {
        const reason = tooOld ? `${tls} is older than the zone allows` : "no certificate for this name";
        log(unread({ address, serverName, reason }, 0));
      }
      return certificate;
    },
    tunnelCertificate: await shown.forTunnels(),
    serve: createFront({ world, layers, tunnels, geography, log }),
    refuse: (what) => {
      const line = unread(what, what.failure.status);
      log(line);
      return rawAnswer(what, line.ray);
    },
    tunnel: (socket) => tunnels.accept(socket),
  });
  return {
    ports: listeners.ports,
    sync: () => tunnels.sync(),
    register: (app) => {
      registerDecisions(app, ring);
      geography.register(app);
    },
    close: async () => {
      await tunnels.close();
      await listeners.close();
    },
  };
}

/** The bytes of an answer to something that was no request. */
function rawAnswer({ failure }: Unreadable, ray: string): string {
  const { headers, body } = failurePage(failure, { ray });
  const fields = [
    ...headers,
    ["server", "cloudflare"],
    ["cf-ray", cfRay(ray)],
    ["connection", "close"],
    ["content-length", String(Buffer.byteLength(body))],
  ];
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  return `HTTP/1.1 ${failure.title}\r\n${lines}\r\n${body}`;
}
