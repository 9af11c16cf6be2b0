import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Store } from "../store";
import { HetznerError, notFound } from "./errors";
import { sendList, values } from "./listing";
import type { Action, HetznerState, ResourceReference } from "./model";

/** What a command does beyond bookkeeping, known by its action alone so that another process can take it up again. */
export type Work = (action: Action) => Promise<void>;

/** Finished actions kept for whoever still asks for them. */
const keptActions = 2000;

const sortable = ["id", "command", "status", "progress", "started", "finished"];

/** The asynchronous tasks of a project. */
export class Actions {
  private readonly works = new Map<string, Work>();
  private readonly running = new Map<number, Promise<void>>();

  constructor(private readonly store: Store<HetznerState>) {}

  /** Says what `command` does; a command without work succeeds at once. */
  define(command: string, work: Work): void {
    this.works.set(command, work);
  }

  begin(command: string, resources: ResourceReference[]): Action {
    const { state } = this.store;
    const work = this.works.get(command);
    const now = new Date().toISOString();
    const action: Action = {
      id: state.nextId++,
      command,
      status: work ? "running" : "success",
      progress: work ? 0 : 100,
      started: now,
      finished: work ? null : now,
      resources,
      error: null,
    };
    state.actions[action.id] = action;
    this.forgetOldest();
    if (work) this.run(action, work);
    return { ...action };
  }

  /** Takes up what a killed process left running. */
  resume(): void {
    for (const action of Object.values(this.store.state.actions)) {
      if (action.status !== "running") continue;
      this.run(action, this.works.get(action.command) ?? (async () => {}));
    }
  }

  /** The running action that locks a server, if any: those of its firewalls do not. */
  runningOn(server: number): Action | undefined {
    return Object.values(this.store.state.actions).find(
      (action) =>
        action.status === "running" &&
        !action.command.includes("firewall") &&
        action.resources.some((resource) => resource.type === "server" && resource.id === server),
    );
  }

  /** Resolves when the action is over, however it went. */
  async settled(id: number): Promise<void> {
    await this.running.get(id);
  }

  private run(action: Action, work: Work): void {
    const finish = (error: Action["error"]): Promise<void> => {
      Object.assign(action, { status: error ? "error" : "success", progress: 100, error });
      action.finished = new Date().toISOString();
      this.running.delete(action.id);
      return this.store.save();
    };
    // The request that begins the action is dealt with first.
    const done = new Promise<void>((resolve) => setImmediate(resolve))
      .then(() => work(action))
      .then(
        () => finish(null),
        (error: Error) => finish({ code: "action_failed", message: error.message }),
      )
      .catch((error: Error) => void process.stderr.write(`${error.stack}\n`));
    this.running.set(action.id, done);
  }

  private forgetOldest(): void {
    const { actions } = this.store.state;
    const ids = Object.keys(actions).map(Number);
    for (const id of ids.slice(0, Math.max(0, ids.length - keptActions))) {
      if (actions[id]?.status !== "running") delete actions[id];
    }
  }
}

/** `/actions`, `/actions/{id}`. */
export function registerActions(app: FastifyInstance, state: HetznerState): void {
  app.get("/actions", (request, reply) => {
    const ids = values((request.query as Record<string, string>).id);
    if (ids.length === 0) {
      throw new HetznerError("deprecated_api_endpoint", "listing all actions was removed, filter by id", {
        announcement:
          "https://docs.hetzner.cloud/changelog#2025-01-30-listing-arbitrary-actions-in-the-actions-list-endpoint-is-removed",
      });
    }
    return sendActions(request, reply, Object.values(state.actions));
  });
  app.get("/actions/:action", async (request) => ({ action: findAction(state, request.params) }));
}

/** `/{collection}/actions…` and `/{collection}/{id}/actions…` for reading. */
export function registerResourceActions(
  app: FastifyInstance,
  state: HetznerState,
  collection: string,
  type: ResourceReference["type"],
): void {
  const about = (id?: string) =>
    Object.values(state.actions).filter((action) =>
      action.resources.some((resource) => resource.type === type && (id === undefined || String(resource.id) === id)),
    );
  app.get(`/${collection}/actions`, (request, reply) => sendActions(request, reply, about()));
  app.get(`/${collection}/:id/actions`, (request, reply) =>
    sendActions(request, reply, about((request.params as { id: string }).id)),
  );
  for (const path of [`/${collection}/actions/:action`, `/${collection}/:id/actions/:action`]) {
    app.get(path, async (request) => {
      const action = findAction(state, request.params);
      const { id } = request.params as { id?: string };
      if (!about(id).includes(action)) throw notFound("action", action.id);
      return { action };
    });
  }
}

function sendActions(request: FastifyRequest, reply: FastifyReply, actions: Action[]): FastifyReply {
  return sendList(request, reply, "actions", actions, { sort: sortable, match: ["id", "status"] });
}

function findAction(state: HetznerState, parameters: unknown): Action {
  const { action: id } = parameters as { action: string };
  const action = state.actions[Number(id)];
  if (!action) throw notFound("action", id);
  return action;
}
