import Cloudflare from "cloudflare";
import type { FastifyInstance } from "fastify";
import type { Plan } from "../../../sandbox/clouds/cloudflare/model";
import { createCloudflare, emptyCloudflare } from "../../../sandbox/clouds/cloudflare/server";
import type { RequestEntry } from "../../../sandbox/clouds/requestLog";
import { memoryStore } from "../../../sandbox/clouds/store";

export const token = "c".repeat(40);
export const accountId = "0123456789abcdef0123456789abcdef";
export const otherAccountId = "ffffffffffffffffffffffffffffffff";
/** One zone of each plan. */
export const zoneIds: Record<Plan, string> = {
  free: "fedcba9876543210fedcba9876543210",
  pro: "11111111111111111111111111111111",
  business: "22222222222222222222222222222222",
  enterprise: "33333333333333333333333333333333",
};
export const zoneId = zoneIds.free;
export const zoneNames: Record<Plan, string> = {
  free: "example.com",
  pro: "pro.example",
  business: "business.example",
  enterprise: "enterprise.example",
};

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into freely
export type Json = any;

export interface Answer {
  status: number;
  body: Json;
  headers: Headers;
}

/** One emulated account behind a real socket, for the official client and for plain fetch. */
export class TestAccount {
  readonly store = memoryStore(emptyCloudflare());
  readonly entries: RequestEntry[] = [];
  client!: Cloudflare;
  private app!: FastifyInstance;
  /** Address of the API, without a path. */
  url = "";

  async start(): Promise<this> {
    const plans = Object.keys(zoneIds) as Plan[];
    this.app = createCloudflare({
      store: this.store,
      token,
      accounts: [{ id: accountId, name: "Acme", team: "acme" }],
      zones: plans.map((plan) => ({ id: zoneIds[plan], name: zoneNames[plan], accountId, plan })),
      log: (entry) => this.entries.push(entry),
    });
    this.url = await this.app.listen({ host: "127.0.0.1", port: 0 });
    this.client = new Cloudflare({ apiToken: token, baseURL: `${this.url}/client/v4` });
    return this;
  }

  stop(): Promise<void> {
    return this.app.close();
  }

  /** Asks below `/client/v4`, or beside it when the path begins with `/_`. */
  async call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const response = await fetch(`${this.url}${path.startsWith("/_") ? "" : "/client/v4"}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json", ...headers },
      body: typeof body === "string" || body === undefined ? body : JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, body: text ? JSON.parse(text) : undefined, headers: response.headers };
  }

  /** Makes something and fails the test when that is refused. */
  async make(path: string, body: unknown, method = "POST"): Promise<Json> {
    const answer = await this.call(method, path, body);
    if (!answer.body?.success) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body.result;
  }

  async inventory(): Promise<Record<string, { count: number; names: string[] }>> {
    return (await this.call("GET", "/_sandbox/inventory")).body;
  }
}

/** Paths of the account and of its free zone. */
export const account = (path: string) => `/accounts/${accountId}${path}`;
export const zone = (path: string) => `/zones/${zoneId}${path}`;
