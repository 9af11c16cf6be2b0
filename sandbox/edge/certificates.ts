import { readFile } from "node:fs/promises";
import { createSecureContext, type SecureContext } from "node:tls";
import { certificateAuthority, serverCertificate } from "../certificates";
import type { CloudflareWorld } from "../clouds/cloudflare/world";
import { firstLevelOf, teamOf, zoneOfHost } from "./routing";

/** Certificates by server name, issued when first asked for. */
export interface EdgeCertificates {
  /** What to show for a server name; undefined when no certificate covers it. */
  forName(serverName: string): Promise<SecureContext | undefined>;
  /** What the tunnel listener shows, whichever name it is asked for. */
  forTunnels(): Promise<SecureContext>;
}

/** Name that connectors ask for when they connect over HTTP/2 (cloudflared `connection/protocol.go`). */
const tunnelName = "h2.cftunnel.com";

/**
 * As Universal SSL does it, a zone's certificate covers its apex and the names one level below, no deeper ones:
 * https://developers.cloudflare.com/ssl/edge-certificates/universal-ssl/limitations/.
 *
 * @param folder of the sandbox's certificate authority
 */
export function edgeCertificates({ folder, world }: { folder: string; world: CloudflareWorld }): EdgeCertificates {
  const contexts = new Map<string, Promise<SecureContext>>();
  const context = (name: string, hosts: string[]): Promise<SecureContext> => {
    let present = contexts.get(name);
    if (!present) {
      present = issue(folder, name, hosts);
      contexts.set(name, present);
      present.catch(() => contexts.delete(name));
    }
    return present;
  };
  return {
    forName: async (serverName) => {
      if (teamOf(world, serverName)) return context(`edge-${serverName}`, [serverName]);
      const zone = zoneOfHost(world, serverName);
      if (!zone || !firstLevelOf(zone, serverName)) return undefined;
      return context(`edge-${zone.name}`, [zone.name, `*.${zone.name}`]);
    },
    forTunnels: () => context(`edge-${tunnelName}`, [tunnelName]),
  };
}

/** The authority's own certificate goes along: by its key a browser can be told to trust this very chain. */
async function issue(folder: string, name: string, hosts: string[]): Promise<SecureContext> {
  const leaf = await serverCertificate(folder, name, hosts);
  const authority = await certificateAuthority(folder);
  const [key, ...chain] = await Promise.all(
    [leaf.key, leaf.certificate, authority.certificate].map((f) => readFile(f)),
  );
  return createSecureContext({ cert: Buffer.concat(chain), key });
}
