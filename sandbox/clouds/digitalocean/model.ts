/** State of the account. Field names are those of the wire where they go out as they are. */

export interface SshKey {
  id: number;
  name: string;
  fingerprint: string;
  public_key: string;
}

/** An asynchronous task and how it went. */
export interface Action {
  id: number;
  status: "in-progress" | "completed" | "errored";
  type: string;
  started_at: string;
  completed_at: string | null;
  /** Volumes and reserved IPs have no number. */
  resource_id: number | null;
  resource_type: "droplet" | "volume" | "reserved_ip";
  /** Slug of the region. */
  region_slug: string;
  /** What the action is to arrive at. */
  wanted?: { name?: string; size?: string; disk?: boolean; gigabytes?: number };
  /** What it is about; a droplet is locked meanwhile. */
  about: { droplet?: number; volume?: string; ip?: string };
}

/** A droplet as it is stored; `dropletView` turns it into the wire form. */
export interface Droplet {
  id: number;
  name: string;
  created_at: string;
  status: "new" | "active" | "off";
  /** Slugs. */
  size: string;
  image: string;
  region: string;
  tags: string[];
  /** GB; stays behind the size's disk after a change of size without the disk. */
  disk: number;
  user_data: string;
  /** Public keys given at creation, in OpenSSH form. */
  ssh_keys: string[];
  vpc_uuid: string;
  /** Public address; undefined without public networking. */
  ipv4?: string;
  ipv6?: string;
  /** Address in the VPC. */
  private_ipv4: string;
  monitoring: boolean;
  droplet_agent: boolean;
  backups: boolean;
}

/** The other ends of a firewall rule. */
export interface Peers {
  addresses?: string[];
  droplet_ids?: number[];
  tags?: string[];
}

export interface InboundFirewallRule {
  protocol: "tcp" | "udp" | "icmp";
  /** `22`, `8000-9000`, or `0` for every port. */
  ports: string;
  sources: Peers;
}

export interface OutboundFirewallRule {
  protocol: "tcp" | "udp" | "icmp";
  ports: string;
  destinations: Peers;
}

export interface Firewall {
  id: string;
  name: string;
  created_at: string;
  inbound_rules: InboundFirewallRule[];
  outbound_rules: OutboundFirewallRule[];
  droplet_ids: number[];
  tags: string[];
}

export interface Vpc {
  id: string;
  name: string;
  description: string;
  /** Slug. */
  region: string;
  ip_range: string;
  default: boolean;
  created_at: string;
}

/** A block storage volume. It is on the books only: no machine of the sandbox gets a disk. */
export interface Volume {
  id: string;
  name: string;
  description: string;
  /** Slug. */
  region: string;
  size_gigabytes: number;
  filesystem_type: string;
  filesystem_label: string;
  created_at: string;
  tags: string[];
  droplet?: number;
}

/** A public address that outlives droplets. It is on the books only: no machine of the sandbox answers at it. */
export interface ReservedIp {
  ip: string;
  /** Slug. */
  region: string;
  droplet?: number;
}

export interface DigitalOceanState {
  nextId: number;
  ssh_keys: Record<number, SshKey>;
  droplets: Record<number, Droplet>;
  actions: Record<number, Action>;
  firewalls: Record<string, Firewall>;
  /** Names in the capitals of their first use. */
  tags: string[];
  vpcs: Record<string, Vpc>;
  volumes: Record<string, Volume>;
  reserved_ips: Record<string, ReservedIp>;
}

/** Ids begin far from those of other clouds, whose machines stand beside these on one computer. */
const firstId = 400_000_001;

export function emptyDigitalOcean(): DigitalOceanState {
  return {
    nextId: firstId,
    ssh_keys: {},
    droplets: {},
    actions: {},
    firewalls: {},
    tags: [],
    vpcs: {},
    volumes: {},
    reserved_ips: {},
  };
}
