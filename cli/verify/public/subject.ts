/** What was found out about something outside, or why it was not, with the code of Node's error where it has one. */
export type Looked<T> = { found: T } | { failure: string; code?: string };

/** What a request was answered with. */
export interface Visit {
  status: number;
  /** Where it was sent on to. */
  location?: string;
  /** TLS version, as "TLSv1.3". */
  protocol: string;
  /** When the certificate ends, in ISO 8601. */
  certificateEnds: string;
}

/** A hostname of an agent, as the internet sees it. */
export interface PublicHostname {
  hostname: string;
  /** What the name resolves to. */
  addresses: Looked<string[]>;
  /** The operator's first page, or a path of the bot's that is not declared, asked for without any login. */
  visit: Looked<Visit>;
  /** Addresses of the fleet's servers. */
  servers: string[];
}

/** The hostname under which an agent's people log in. */
export interface OperatorHostname extends PublicHostname {
  /** Its first page, asked for with logins that nobody has issued. */
  forged: Looked<Visit>;
  /** Its first page, asked for with a service token of each tenant; undefined where that was not wanted. */
  arrivals?: Arrival[];
}

/** A tenant's program at a hostname. */
export interface Arrival {
  tenant: string;
  /** Whether the agent is the tenant's own. */
  own: boolean;
  /** Undefined where the tenant has no service token in force. */
  visit?: Looked<Visit>;
}
