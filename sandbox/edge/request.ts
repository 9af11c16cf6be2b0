import type { Zone } from "../clouds/cloudflare/model";

/** Header fields in the order in which they came, names in lower case. */
export type HeaderList = [name: string, value: string][];

/** A request as the edge sees it, once it knows whose hostname it is for. */
export interface EdgeRequest {
  /** Id of the request: 16 hexadecimal digits, as in the answer's `cf-ray`. */
  ray: string;
  /** Zone that the hostname lies in; undefined for the team's own login pages. */
  zone: Zone | undefined;
  /** Host name in lower case, without a port. */
  host: string;
  method: string;
  /** Path and query exactly as they were sent. */
  target: string;
  version: "HTTP/1.0" | "HTTP/1.1" | "HTTP/2";
  /** Header fields of the client without those of the connection. HTTP/2's pseudo fields are left out, `host` is in. */
  headers: HeaderList;
  client: {
    address: string;
    /** Two letters of ISO 3166-1, from the sandbox's table of address ranges. */
    country: string;
  };
  /** Whether it came over TLS, and with which version ("TLSv1.3"). */
  tls: string | undefined;
  /** Whether it asks to become a WebSocket. */
  websocket: boolean;
  /** The whole body, for what has to read it. @throws when it is larger than the limit in bytes */
  body(limit: number): Promise<Buffer>;
}

/** An answer that the edge gives by itself. */
export interface EdgeResponse {
  status: number;
  headers: HeaderList;
  body: string | Buffer;
}

/** Who made an answer, or let a request pass. */
export type Layer = "edge" | "waf" | "access" | "connector" | "origin";

/** What one layer said about a request. */
export interface Step {
  by: Layer;
  verdict: "pass" | "log" | "skip" | "login" | "block" | "answer";
  /** In a few words, with the name of the rule or policy that decided; never a secret. */
  reason: string;
}

/** What a layer makes of a request: an answer, or that it may go on with changed headers. */
export type Ruling =
  | {
      pass: true;
      steps: Step[];
      /** Added to what goes on, or replacing fields of the same name. */
      headers?: HeaderList;
      /** Names of the client's fields that do not go on. */
      dropped?: string[];
      /** Added to the answer that comes back. */
      answerHeaders?: HeaderList;
    }
  | { pass: false; steps: Step[]; response: EdgeResponse };
