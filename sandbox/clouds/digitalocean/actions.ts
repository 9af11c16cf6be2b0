import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Store } from "../store";
import { regionView } from "./catalog";
import { invalid, notFound } from "./errors";
import { sendList } from "./listing";
import type { Action, DigitalOceanState, Droplet } from "./model";

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

  begin(order: ActionOrder): Action {
    const { state } = this.store;
    const id = state.nextId++;
    const started_at = new Date().toISOString();
    const action: Action = { id, status: "in-progress", started_at, completed_at: null, ...order };
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
      ({ status, about }) => status === "in-progress" && about.droplet === droplet,
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
          process.stderr.write(`${action.type} ${JSON.stringify(action.about)}: ${error.message}\n`);
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

/** What an action is to be. */
export type ActionOrder = Pick<Action, "type" | "resource_id" | "resource_type" | "region_slug" | "wanted" | "about">;

/** An order for a droplet itself. */
export function onDroplet(type: string, { id, region }: Droplet, wanted?: Action["wanted"]): ActionOrder {
  return { type, resource_type: "droplet", resource_id: id, region_slug: region, about: { droplet: id }, wanted };
}

/** An action in the form that the API shows. */
export function actionView({ wanted, about, ...action }: Action) {
  return { ...action, region: regionView(action.region_slug) };
}

/** @throws DigitalOceanError while another action is under way on a droplet */
export function refusePending(actions: Actions, droplet: number): void {
  if (actions.runningOn(droplet)) throw invalid("Droplet already has a pending event.");
}

/** `/actions`, `/actions/{id}`. */
export function registerActions(app: FastifyInstance, state: DigitalOceanState): void {
  registerReading(app, state, "", () => () => true);
}

/**
 * `{path}/actions`, `{path}/actions/{id}` of a kind of resource.
 *
 * @param about Finds the resource that a request names, and says which actions are about it.
 */
export function registerReading(
  app: FastifyInstance,
  state: DigitalOceanState,
  path: string,
  about: (request: FastifyRequest) => (action: Action) => boolean,
): void {
  const newestFirst = (request: FastifyRequest) => {
    return Object.values(state.actions)
      .filter(about(request))
      .sort((a, b) => b.id - a.id);
  };
  app.get(`${path}/actions`, (request, reply) => {
    return sendList(request, reply, "actions", newestFirst(request).map(actionView));
  });
  app.get(`${path}/actions/:action`, async (request) => {
    const { action: id } = request.params as { action: string };
    const action = newestFirst(request).find((candidate) => String(candidate.id) === id);
    if (!action) throw notFound();
    return { action: actionView(action) };
  });
}
