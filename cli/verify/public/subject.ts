/** What was found out about something outside, or why it was not, with the code of Node's error where it has one. */
export type Looked<T> = { found: T } | { failure: string; code?: string };

/** What a request without any login was answered with. */
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
  /** People log in to operator; services call bot. */
  surface: "operator" | "bot";
  /** What the name resolves to. */
  addresses: Looked<string[]>;
  /** The operator's first page, or a path of the bot's that is not declared. */
  visit: Looked<Visit>;
  /** Addresses of the fleet's servers. */
  servers: string[];
}
