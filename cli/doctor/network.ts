import type { Symptom } from "./symptoms";

/** Interfaces of the clouds; any answer will do, a refusal too. */
const apis: Record<string, string> = {
  hcloud: "https://api.hetzner.cloud/v1/locations",
  digitalocean: "https://api.digitalocean.com/v2/regions",
  cloudflare: "https://api.cloudflare.com/client/v4/ips",
};

/** Whether the clouds that a fleet needs can be reached. */
export function networkSymptoms(clouds: Iterable<string>): Symptom[] {
  return [...clouds, "cloudflare"].flatMap((cloud) => (Object.hasOwn(apis, cloud) ? [reaches(apis[cloud]!)] : []));
}

function reaches(url: string): Symptom {
  const { hostname } = new URL(url);
  return {
    id: hostname,
    title: `network to ${hostname}`,
    look: async () => {
      try {
        const { status } = await fetch(url, { signal: AbortSignal.timeout(8000) });
        return { ok: true, seen: `it answers (${status})` };
      } catch (error) {
        const { cause, message } = error as Error & { cause?: { code?: string } };
        const remedy = "look at the network, the proxy and the firewall of this computer";
        return { ok: false, seen: cause?.code ?? message, remedy };
      }
    },
  };
}
