import type { Symptom } from "./symptoms";

/** Interfaces of the clouds; any answer will do, a refusal too. */
const apis = ["https://api.hetzner.cloud/v1/locations", "https://api.cloudflare.com/client/v4/ips"];

/** Whether the clouds can be reached. */
export const networkSymptoms: Symptom[] = apis.map((url) => {
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
});
