import { type Control, faultsFinding } from "../control";
import type { PublicHostname } from "./subject";

export const names: Control<PublicHostname> = {
  id: "names",
  title: "its name leads to Cloudflare",
  allowed: "it resolves, and to no server of the fleet",
  judge: ({ addresses, servers }) => {
    if ("failure" in addresses) return { verdict: "broken", seen: addresses.failure };
    const own = addresses.found.filter((address) => servers.includes(address));
    return faultsFinding(
      own.map((address) => `${address} is a server of the fleet`),
      addresses.found.join(", "),
    );
  },
};
