import type { ZonePacking } from "./zoneRules";

/** What there is of a server. */
export interface ServerInventory {
  /** Whose server it is: hcloud or digitalocean. */
  provider: string;
  /** Where it stands, by the provider's name. */
  location: string;
  /** How large it is, by the provider's name. */
  size: string;
  /** Public addresses. */
  ipv4: string;
  ipv6: string;
  /** Address in its private network; undefined where it is in none. */
  privateIpv4?: string;
  /** SSH host key, as `ssh-ed25519 AAAA…`. */
  hostKey: string;
  /** Login name. */
  user: string;
  /** What was found and done when it was last hardened. */
  posture: unknown;
}

/** What there is of an agent. */
export interface AgentInventory {
  /** Whose it is. */
  tenant: string;
  /** Zone of its names. */
  zone: string;
  /** Name of its server. */
  server: string;
  /** Name of its container there. */
  container: string;
  /** Image by digest. */
  image: string;
  /** Address under which its people open it. */
  url: string;
  /** Address below which its webhooks are open to everybody; undefined where there are none. */
  botUrl?: string;
  /** What services may call there. */
  webhooks: WebhookInventory[];
  /** User id of its processes. */
  uid: number;
  /** Its memory limit in MiB. */
  memory: number;
  /** Names of its secrets. */
  secretNames: string[];
}

/** What a service that calls an agent has to be told, and what the agent has to check. */
export interface WebhookInventory {
  /** Address to give to the service. */
  url: string;
  /** HTTP methods that are let through. */
  methods: string[];
  /** Media types that are let through; empty for any. */
  contentTypes: string[];
  /** Name of the agent's secret by which it tells real requests from forged ones. */
  secret: string;
  /** Header field in which the proof is looked for; undefined where no preset says so. */
  signature?: string;
}

/** What a fleet consists of, without any secret. */
export interface FleetInventory {
  /** Servers by name. */
  servers: Record<string, ServerInventory>;
  /** Agents by name. */
  agents: Record<string, AgentInventory>;
  /** How full the plans of the zones are whose rules this fleet makes, by the zone's name. */
  zones: Record<string, ZonePacking>;
}
