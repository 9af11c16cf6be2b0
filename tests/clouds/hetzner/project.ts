import { generateKeyPairSync } from "node:crypto";
import type { FastifyInstance } from "fastify";
import { createHetzner, emptyHetzner } from "../../../sandbox/clouds/hetzner/server";
import {
  type InboundRule,
  type MachineSpec,
  type Machines,
  noMachines,
  type OutboundRule,
} from "../../../sandbox/clouds/machines";
import type { RequestEntry } from "../../../sandbox/clouds/requestLog";
import { memoryStore, type Store } from "../../../sandbox/clouds/store";

export const token = "t".repeat(64);

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into freely
export type Json = any;

export interface Answer {
  status: number;
  body: Json;
  headers: Headers;
}

/** One emulated project behind a real socket, asked by plain fetch. */
export class TestProject {
  readonly entries: RequestEntry[] = [];
  readonly machines: RecordingMachines;
  private app!: FastifyInstance;
  /** Address of the API, without a path. */
  url = "";

  constructor(
    readonly store: Store<ReturnType<typeof emptyHetzner>> = memoryStore(emptyHetzner()),
    machines: Partial<Machines> = {},
    private readonly options: { pool?: string[]; requestsPerHour?: number } = {},
  ) {
    this.machines = new RecordingMachines(machines);
  }

  async start(): Promise<this> {
    this.app = createHetzner({
      store: this.store,
      machines: this.machines.driver,
      token,
      pool: this.options.pool ?? addresses(30),
      requestsPerHour: this.options.requestsPerHour,
      log: (entry) => this.entries.push(entry),
    });
    this.url = await this.app.listen({ host: "127.0.0.1", port: 0 });
    return this;
  }

  stop(): Promise<void> {
    return this.app.close();
  }

  async call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const response = await fetch(`${this.url}${path.startsWith("/_") ? "" : "/v1"}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      body: typeof body === "string" || body === undefined ? body : JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, body: text ? JSON.parse(text) : undefined, headers: response.headers };
  }

  /** Makes something and fails the test when that is refused. */
  async make(path: string, body: unknown): Promise<Json> {
    const answer = await this.call("POST", path, body);
    if (answer.status !== 201) throw new Error(`POST ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  /** Makes a server and waits until it runs. */
  async makeServer(name: string, fields: object = {}): Promise<Json> {
    const { server, action } = await this.make("/servers", { ...goodServer, name, ...fields });
    await this.finished(action.id);
    return (await this.call("GET", `/servers/${server.id}`)).body.server;
  }

  async act(path: string, body: unknown = {}): Promise<Json> {
    const { action } = await this.make(path, body);
    return this.finished(action.id);
  }

  /** Asks for an action until it is over, as clients do. */
  async finished(id: number): Promise<Json> {
    for (;;) {
      const { action } = (await this.call("GET", `/actions/${id}`)).body;
      if (action.status !== "running") return action;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}

export const goodServer = { name: "reef-1", server_type: "cx23", image: "debian-12", location: "fsn1" };

export function addresses(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `198.51.100.${10 + index}`);
}

/** A fresh ed25519 public key in OpenSSH form. */
export function publicKey(comment = "admin"): string {
  const { publicKey: key } = generateKeyPairSync("ed25519");
  const raw = key.export({ format: "der", type: "spki" }).subarray(-32);
  const field = (bytes: Buffer) => Buffer.concat([Buffer.from([0, 0, 0, bytes.length]), bytes]);
  const blob = Buffer.concat([field(Buffer.from("ssh-ed25519")), field(raw)]);
  return `ssh-ed25519 ${blob.toString("base64")} ${comment}`;
}

/** A machine driver that notes every call, in order. */
export class RecordingMachines {
  readonly calls: string[] = [];
  readonly specs = new Map<number, MachineSpec>();
  readonly filters = new Map<number, InboundRule[] | undefined>();
  /** What may leave, by server. */
  readonly exits = new Map<number, OutboundRule[] | undefined>();
  readonly driver: Machines;

  constructor(overrides: Partial<Machines>) {
    const books = noMachines();
    const noted = <A extends unknown[], R>(name: string, work: (...args: A) => Promise<R>) => {
      return (...args: A): Promise<R> => {
        const [first] = args;
        this.calls.push(`${name} ${typeof first === "number" ? first : (first as { id: number }).id}`);
        return work(...args);
      };
    };
    const create = overrides.create ?? books.create;
    this.driver = {
      ...books,
      ...overrides,
      create: noted("create", (machine) => {
        this.specs.set(machine.id, machine);
        return create(machine);
      }),
      remove: noted("remove", overrides.remove ?? books.remove),
      powerOn: noted("powerOn", overrides.powerOn ?? books.powerOn),
      powerOff: noted("powerOff", overrides.powerOff ?? books.powerOff),
      reboot: noted("reboot", overrides.reboot ?? books.reboot),
      setFirewall: noted("setFirewall", async (server, inbound, outbound) => {
        this.filters.set(server.id, inbound);
        this.exits.set(server.id, outbound);
        await overrides.setFirewall?.(server, inbound, outbound);
      }),
    };
  }
}
