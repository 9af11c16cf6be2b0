/** Plans of a zone, cheapest first. */
export const plans = ["free", "pro", "business", "enterprise"] as const;
export type Plan = (typeof plans)[number];

export interface Account {
  /** 32 hexadecimal digits. */
  id: string;
  name: string;
  /** Name of the Zero Trust team: `<team>.cloudflareaccess.com`. Default: made from the account's name. */
  team?: string;
}

export interface Zone {
  /** 32 hexadecimal digits. */
  id: string;
  name: string;
  accountId: string;
  plan: Plan;
}

/** Whom an object of Access or a ruleset belongs to: `accounts/<id>` or `zones/<id>`. */
export type Owner = `accounts/${string}` | `zones/${string}`;

/** One connection of a connector to the edge. */
export interface TunnelConnection {
  id: string;
  uuid: string;
  client_id: string;
  client_version: string;
  colo_name: string;
  is_pending_reconnect: false;
  opened_at: string;
  origin_ip: string;
}

/** One connector of a tunnel, which may hold several connections. */
export interface TunnelConnector {
  arch: string;
  features: string[];
  run_at: string;
  /** Version of the configuration that it applied last; 0 before it applied any. */
  config_version: number;
}

export interface Tunnel {
  id: string;
  account_tag: string;
  name: string;
  config_src: "local" | "cloudflare";
  created_at: string;
  deleted_at: string | null;
  conns_active_at: string | null;
  conns_inactive_at: string | null;
  connections: TunnelConnection[];
  /** By the connectors' ids, those that hold a connection. Not part of an answer. */
  connectors?: Record<string, TunnelConnector>;
  /** Base64. Never part of an answer but inside the token. */
  secret: string;
  configuration: { version: number; config: unknown; source: string; created_at: string } | null;
}

export interface DnsRecord {
  id: string;
  zone_id: string;
  name: string;
  type: string;
  content: string;
  proxied: boolean;
  ttl: number;
  priority?: number;
  data?: unknown;
  settings: Record<string, unknown>;
  comment: string | null;
  tags: string[];
  private_routing?: boolean;
  created_on: string;
  modified_on: string;
}

/** A condition of Access: one selector with its parameters. */
export type AccessRule = Record<string, Record<string, unknown>>;

export interface AccessRules {
  include: AccessRule[];
  require: AccessRule[];
  exclude: AccessRule[];
}

export interface AccessGroup extends AccessRules {
  id: string;
  owner: Owner;
  name: string;
  is_default: boolean;
  created_at: string;
  updated_at: string;
}

export interface AccessPolicy extends AccessRules {
  id: string;
  owner: Owner;
  name: string;
  decision: "allow" | "deny" | "non_identity" | "bypass";
  /** Reusable policies live in the account, the others in one application. */
  reusable: boolean;
  session_duration: string;
  /** Further settings as given. */
  settings: Record<string, unknown>;
  created_at: string;
  updated_at: string;
}

export interface AccessApplication {
  id: string;
  owner: Owner;
  /** Audience tag: 64 hexadecimal digits, for life. */
  aud: string;
  name: string;
  type: string;
  domain: string;
  destinations: { type: string; uri: string }[];
  policies: { id: string; precedence: number }[];
  settings: Record<string, unknown>;
  created_at: string;
  updated_at: string;
}

export interface ServiceToken {
  id: string;
  owner: Owner;
  name: string;
  client_id: string;
  /** SHA-256 of the secret, in hexadecimal. */
  secret_digest: string;
  client_secret_version: number;
  previous_secret: { digest: string; expires_at: string } | null;
  duration: string;
  enabled: boolean;
  expires_at: string | null;
  created_at: string;
  updated_at: string;
}

export interface IdentityProvider {
  id: string;
  owner: Owner;
  name: string;
  type: string;
  /** As given, with secrets left out. */
  config: Record<string, unknown>;
  scim_config: Record<string, unknown> | null;
}

/** A key pair that signs an account's Access tokens. */
export interface AccessKey {
  /** 64 hexadecimal digits. */
  kid: string;
  /** As JSON Web Key, private parts included. */
  jwk: Record<string, unknown>;
  /** The public key in a certificate, PEM. */
  certificate: string;
}

export interface AccessKeys {
  last_key_rotation_at: string;
  key_rotation_interval_days: number;
  /** The one that signs, then the one before it. Absent until a token is first signed. */
  pairs?: AccessKey[];
}

/** Somebody's login. Tokens name it by its nonce and count for as long as it is here. */
export interface AccessSession {
  account_id: string;
  /** In lower case. */
  email: string;
  identity_provider: { id: string; type: string };
  /** Names or ids of the groups that the identity provider told of. */
  groups: string[];
  /** Further claims or attributes by name. */
  claims: Record<string, string[]>;
  /** Methods of authentication, RFC 8176. */
  amr: string[];
  ip: string;
  country: string;
  created_at: string;
  expires_at: string;
  /** The second factor that Access itself asked for. */
  second_factor: { authenticator: string; at: string } | null;
  /** Base64. What binding cookies are made with. */
  binding_key: string;
}

export interface AccessCertificate {
  id: string;
  owner: Owner;
  name: string;
  fingerprint: string;
  associated_hostnames: string[];
  expires_on: string;
  created_at: string;
  updated_at: string;
}

export interface RulesetRule {
  id: string;
  version: string;
  ref: string;
  action: string;
  expression: string;
  description: string;
  enabled: boolean;
  last_updated: string;
  action_parameters?: Record<string, unknown>;
  ratelimit?: Record<string, unknown>;
  logging?: Record<string, unknown>;
}

export interface Ruleset {
  id: string;
  owner: Owner;
  name: string;
  description: string;
  kind: string;
  phase: string;
  version: string;
  last_updated: string;
  rules: RulesetRule[];
}

/** Everything that can be made in the emulated accounts, by id. */
export interface CloudflareState {
  tunnels: Record<string, Tunnel>;
  dns_records: Record<string, DnsRecord>;
  access_groups: Record<string, AccessGroup>;
  access_policies: Record<string, AccessPolicy>;
  access_apps: Record<string, AccessApplication>;
  access_service_tokens: Record<string, ServiceToken>;
  access_identity_providers: Record<string, IdentityProvider>;
  access_certificates: Record<string, AccessCertificate>;
  rulesets: Record<string, Ruleset>;
  /** By owner. */
  organizations: Record<string, Record<string, unknown>>;
  /** By account. */
  access_keys: Record<string, AccessKeys>;
  /** By nonce. */
  access_sessions: Record<string, AccessSession>;
  /** When an application's tokens were revoked, by its audience tag. */
  access_revocations: Record<string, string>;
  /** By zone, then by setting. */
  zone_settings: Record<string, Record<string, { value: unknown; modified_on: string }>>;
  /** By zone. */
  bot_management: Record<string, Record<string, unknown>>;
}

export function emptyCloudflare(): CloudflareState {
  return {
    tunnels: {},
    dns_records: {},
    access_groups: {},
    access_policies: {},
    access_apps: {},
    access_service_tokens: {},
    access_identity_providers: {},
    access_certificates: {},
    rulesets: {},
    organizations: {},
    access_keys: {},
    access_sessions: {},
    access_revocations: {},
    zone_settings: {},
    bot_management: {},
  };
}
