import type { FastifyInstance } from "fastify";
import type { Machines } from "../machines";
import type { Store } from "../store";
import type { Actions } from "./actions";
import type { Filters } from "./filters";
import type { DigitalOceanState } from "./model";

/** What the parts of the API share. */
export interface Account {
  store: Store<DigitalOceanState>;
  state: DigitalOceanState;
  machines: Machines;
  actions: Actions;
  filters: Filters;
  /** Public IPv4 addresses it may hand out. */
  pool: string[];
}

/** Enough of an account to read from it. */
export type Readable = Pick<Account, "state">;

/** The next of the ids that droplets, keys and actions share. */
export function nextId({ state }: Readable): number {
  return state.nextId++;
}

export function registerAccount(app: FastifyInstance, { pool }: Account): void {
  app.get("/account", async () => ({
    account: {
      // One address for each droplet is all there is.
      droplet_limit: pool.length,
      floating_ip_limit: 3,
      reserved_ip_limit: 3,
      volume_limit: 100,
      email: "operator@example.com",
      name: "Operator",
      uuid: "b6fc48dbf6d9906cace5f3c78dc9851d957381ef",
      email_verified: true,
      status: "active",
      status_message: "",
      team: { uuid: "5df3e3004a17e242b7c20ca6c9fc25b701a47ece", name: "Sandbox" },
    },
  }));
}
