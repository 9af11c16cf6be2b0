import type { Control } from "../control";
import type { PublicHostname } from "./subject";

/** Days before a certificate ends in which it counts as forgotten; Cloudflare renews 30 days ahead. */
const leastDays = 7;

/** Codes by which Node and OpenSSL refuse a certificate or a handshake, against those of a network without an answer. */
const isRefused = /CERT|SELF_SIGNED|UNABLE_TO|SSL|TLS/;

export const certificate: Control<PublicHostname> = {
  id: "certificate",
  title: "its certificate is valid",
  allowed: `trusted, for this name, for ${leastDays} more days; TLS 1.2 or newer`,
  judge: ({ visit }) => {
    if ("failure" in visit) {
      return { verdict: isRefused.test(visit.code ?? "") ? "broken" : "unknown", seen: visit.failure };
    }
    const { protocol, certificateEnds } = visit.found;
    const days = Math.floor((Date.parse(certificateEnds) - Date.now()) / 86_400_000);
    const good = /^TLSv1\.[23]$/.test(protocol) && days >= leastDays;
    return { verdict: good ? "holds" : "broken", seen: `${protocol}, ${days} days left` };
  },
};
