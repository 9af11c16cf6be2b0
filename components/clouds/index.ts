import type { CloudName } from "./catalog";
import type { Cloud } from "./cloud";
import { digitalOcean } from "./digitalocean";
import { hetzner } from "./hetzner";

/** Providers of servers by name. */
export const clouds: Record<CloudName, Cloud> = { hcloud: hetzner, digitalocean: digitalOcean };
