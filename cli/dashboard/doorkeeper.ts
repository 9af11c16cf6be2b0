import type { FastifyInstance } from "fastify";

/** Names under which this computer is its own. A page elsewhere may have a name of its own lead here, but not one of these. */
const ownNames = ["127.0.0.1", "localhost"];

/** Where a browser says that a request comes from: a page of ours, or an address that somebody has typed. */
const ownSites = [undefined, "none", "same-origin"];

/**
 * Refuses requests that other sites in the same browser make: by another name (DNS rebinding), or from another origin.
 * Nothing but reading is possible, and nobody may keep, frame or include what is read.
 */
export function keepDoor(server: FastifyInstance, policy: string): void {
  server.addHook("onRequest", async (request, reply) => {
    reply.headers({
      "cache-control": "no-store",
      "content-security-policy": policy,
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-resource-policy": "same-origin",
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
    });
    const port = request.socket.localPort;
    const isOwnName = ownNames.some((name) => request.headers.host === `${name}:${port}`);
    const site = request.headers["sec-fetch-site"];
    const isOwnSite = ownSites.some((own) => own === site);
    if (isOwnName && isOwnSite) return;
    return reply.code(403).type("text/plain").send("This page is for the browser of the computer it runs on.\n");
  });
}
