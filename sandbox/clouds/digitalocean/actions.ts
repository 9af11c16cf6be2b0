import type { FastifyInstance } from "fastify";
import type { Store } from "../store";
import { regionView } from "./catalog";
import { invalid, notFound } from "./errors";
import { sendList } from "./listing";
import type { Action, DigitalOceanState } from "./model";

/** What a type of action does beyond bookkeeping, known by its action alone so that another process can take it up again. */
export type Work = (action: Action) => Promise<void>;

/** Finished actions kept for whoever still asks for them. */
const keptActions = 2000;

/** The asynchronous tasks of an account. */
export class Actions {
  private readonly works = new Map<string, Work>();

  /** @param atLeast Milliseconds that every action takes, so that a client that does not wait is found out. */
  constructor(
    private readonly store: Store<DigitalOceanState>,
    private readonly atLeast: number,
  ) {}

  /** Says what actions of a type do to a kind of resource. */
  define(resource: Action["resource_type"], type: string, work: Work): void {
    this.works.set(`${resource} ${type}`, work);
  }

  begin(about: Pick<Action, "type" | "resource_id" | "resource_type" | "region_slug" | "wanted">): Action {
    const { state } = this.store;
    const id = state.nextId++;
    const started_at = new Date().toISOString();
    const action: Action = { id, status: "in-progress", started_at, completed_at: null, ...about };
    state.actions[id] = action;
    this.forgetOldest();
    this.run(action);
    return action;
  }

  /** Takes up what a killed process left running. */
  resume(): void {
    for (const action of Object.values(this.store.state.actions)) if (action.status === "in-progress") this.run(action);
  }

  /** The action that locks a droplet, if any. */
  runningOn(droplet: number): Action | undefined {
    return Object.values(this.store.state.actions).find(
      ({ status, resource_type, resource_id }) =>
        status === "in-progress" && resource_type === "droplet" && resource_id === droplet,
    );
  }

  private run(action: Action): void {
    const work = this.works.get(`${action.resource_type} ${action.type}`) ?? (async () => {});
    const finish = (status: Action["status"]): Promise<void> => {
      Object.assign(action, { status, completed_at: new Date().toISOString() });
      return this.store.save();
    };
    // The request that begins the action is dealt with first.
    void new Promise<void>((resolve) => void setTimeout(resolve, this.atLeast))
      .then(() => work(action))
      .then(
        () => finish("completed"),
        (error: Error) => {
          // The API has no word for the reason.
          process.stderr.write(`${action.type} of ${action.resource_type} ${action.resource_id}: ${error.message}\n`);
          return finish("errored");
        },
      )
      .catch((error: Error) => void process.stderr.write(`${error.stack}\n`));
  }

  private forgetOldest(): void {
    const { actions } = this.store.state;
    const ids = Object.keys(actions).map(Number);
    for (const id of ids.slice(0, Math.max(0, ids.length - keptActions))) {
      if (actions[id]?.status !== "in-progress") delete actions[id];
    }
  }
}

/** An action in the form that the API shows. */
export function actionView({ wanted, ...action }: Action) {
  return { ...action, region: regionView(action.region_slug) };
}

/** @throws DigitalOceanError while another action is under way on a droplet */
export function refusePending(actions: Actions, droplet: number): void {
  if (actions.runningOn(droplet)) throw invalid("Droplet already has a pending event.");
}

/** `/actions`, `/actions/{id}`. */
export function registerActions(app: FastifyInstance, state: DigitalOceanState): void {
  app.get("/actions", (request, reply) =>
    sendList(request, reply, "actions", newestFirst(Object.values(state.actions)).map(actionView)),
  );
  app.get("/actions/:action", async (request) => {
    const action = state.actions[Number((request.params as { action: string }).action)];
    if (!action) throw notFound();
    return { action: actionView(action) };
  });
}

export function newestFirst(actions: Action[]): Action[] {
  return [...actions].sort((a, b) => b.id - a.id);
}
