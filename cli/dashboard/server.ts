import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import Fastify from "fastify";
import type { FleetReport } from "../report/fleetReport";
import { closedPolicy, reportPage, sourceOf } from "../report/page/page";
import { keepDoor } from "./doorkeeper";
import { allParts, LiveParts, type PartChange } from "./liveParts";

const script = readFileSync(path.join(__dirname, "live.js"), "utf8");

const policy = [...closedPolicy, `script-src ${sourceOf(script)}`, "connect-src 'self'", "frame-ancestors 'none'"].join(
  "; ",
);

/** A page on this computer that follows what is found out. */
export interface Dashboard {
  /** Where it is; the last part cannot be guessed, so that other users of this computer cannot read it. */
  url: string;
  /** Sends what has changed to every browser that is looking. */
  update(): void;
  close(): Promise<void>;
}

/**
 * Serves a report on loopback.
 *
 * @param port 0 for one that is free
 * @param report the newest one, made anew at every call
 */
export async function startDashboard(port: number, report: () => FleetReport): Promise<Dashboard> {
  const server = Fastify({ forceCloseConnections: true });
  const watching = new Set<ServerResponse>();
  const parts = new LiveParts();
  const token = randomBytes(16).toString("base64url");
  keepDoor(server, policy);
  server.get(`/${token}`, (_, reply) => reply.type("text/html; charset=utf-8").send(reportPage(report(), { script })));
  server.get(`/${token}/events`, (request, reply) => {
    reply.hijack();
    const headers = { ...reply.getHeaders(), "content-type": "text/event-stream" };
    reply.raw.writeHead(200, headers as Record<string, string>);
    // What came between the page and this connection, or while there was none.
    send(reply.raw, allParts(report()));
    watching.add(reply.raw);
    request.raw.once("close", () => watching.delete(reply.raw));
  });
  await server.listen({ host: "127.0.0.1", port });
  const { port: taken } = server.server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${taken}/${token}`,
    update: () => {
      const changes = parts.changes(report());
      if (changes.length > 0) for (const browser of watching) send(browser, changes);
    },
    close: () => server.close(),
  };
}

function send(browser: ServerResponse, changes: PartChange[]): void {
  browser.write(`data: ${JSON.stringify(changes)}\n\n`);
}
