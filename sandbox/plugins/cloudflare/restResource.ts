import { unaskedSettings } from "../framework/drift";
import type { Call, Fault, Props, ResourceHandler } from "../framework/provider";
import { importInputs, refreshInputs } from "../framework/refresh";
import { type Place, resourceRoot } from "../framework/table";
import { isObject } from "../framework/values";
import { type CloudflareClient, CloudflareError } from "./client";
import { facts } from "./facts";
import { documentFromWire, documentToWire, type Spelling, toWire, wireName } from "./wire";

/** How one type of resource lives in the API: all that differs between them. */
export interface RestType {
  token: string;
  /** Path that a new one is sent to. */
  collection(props: Props): string;
  /** Path of one. */
  item(props: Props, id: string): string;
  create: "POST" | "PUT" | "PATCH";
  /** PUT replaces the whole document, PATCH sends what differs. */
  update: "PUT" | "PATCH";
  /** Some things only exist as settings of something else, and stay when the resource goes. */
  deletes: boolean;
  /** Inputs that are part of the path, not of the document. */
  pathInputs: string[];
  /** Default: `id` of the answer. */
  id?(result: Props, props: Props): string;
  /** What `pulumi import` is given, with names for its parts; `accounts|zones` stands for either. */
  importId: string;
  spelling?: Spelling;
  /** Never taken from what the API says later: secrets it does not repeat, and versions it does not keep. */
  neverRefreshed?: string[];
  /** Faults beyond the table. */
  check?(inputs: Props): Fault[];
  /** The document's properties for these inputs: defaults that are only decided with the whole in view. */
  planned?(inputs: Props, state: Props | undefined): Props;
  /** Smooths out how the API answers. */
  read?(outputs: Props, state: Props): Props;
}

const STAYS =
  "This resource cannot be destroyed from Terraform. If you create this resource, it will be present in the API until " +
  "manually deleted.";
const LEFT_BEHIND =
  "Applying this resource destruction will remove the resource from the Terraform state but will not change it in the " +
  "API. If you would like to destroy or reset this resource in the API, refer to the documentation for how to do it manually.";

/** The handler of a type that is described by a RestType. */
export function restResource(type: RestType): ResourceHandler<CloudflareClient> {
  const root = resourceRoot(facts, type.token, "inputs")!;
  const outputsRoot = resourceRoot(facts, type.token, "outputs")!;
  const spelling = type.spelling ?? "snake";
  const planned = (inputs: Props, state?: Props) => type.planned?.(inputs, state) ?? inputs;

  /** Everything the API says and the inputs that it does not repeat. */
  const answered = (result: Props, inputs: Props): Props => {
    // After a write, the provider believes the API only where the program left something open.
    return filledIn(documentFromWire(result, outputsRoot, spelling), inputs) as Props;
  };

  const handler: ResourceHandler<CloudflareClient> = {
    check: (_client, inputs) => type.check?.(inputs) ?? [],

    async create(client, inputs, call) {
      if (!type.deletes) call.log("warning", STAYS);
      const wanted = planned(inputs);
      const body = documentToWire(without(wanted, type.pathInputs), root, spelling);
      const result = (await client.send<Props>(type.create, type.collection(inputs), call.signal, body)) ?? {};
      const id = type.id?.(result, inputs) ?? String(result.id);
      return { id, outputs: answered(result, wanted) };
    },

    async read(client, id, state, inputs, call) {
      const imported = Object.keys(state).length === 0 ? parseImportId(id, type.importId) : undefined;
      const known = imported ? imported.props : state;
      const ownId = imported?.id ?? id;
      const result = await readItem(client, type.item(known, ownId), call);
      if (!result) return undefined;
      const told = documentFromWire(result, outputsRoot, spelling);
      const kept = pick(known, [...type.pathInputs, ...(type.neverRefreshed ?? [])]);
      const read = { ...told, ...kept };
      const outputs = type.read?.(read, known) ?? read;
      if (imported) return { id: ownId, outputs, inputs: importInputs(outputs, root) };
      return {
        id: ownId,
        outputs,
        drift: { ...stillUnset(inputs, outputs, root), ...unaskedSettings(outputs, inputs, root) },
      };
    },

    async update(client, id, state, news, call) {
      const wanted = planned(news, state);
      const body =
        type.update === "PATCH"
          ? changedFields(without(wanted, type.pathInputs), state, root, spelling)
          : {
              ...removedFields(wanted, state, root),
              ...documentToWire(without(wanted, type.pathInputs), root, spelling),
            };
      const result = (await client.send<Props>(type.update, type.item(news, id), call.signal, body)) ?? {};
      const kept = pick(state, type.neverRefreshed ?? []);
      return { ...keptState(state, outputsRoot, root), ...kept, ...answered(result, wanted) };
    },

    async delete(client, id, state, call) {
      if (!type.deletes) {
        call.log("warning", LEFT_BEHIND);
        return;
      }
      await client.send("DELETE", type.item(state, id), call.signal);
    },
  };
  return handler;
}

async function readItem(client: CloudflareClient, path: string, call: Call): Promise<Props | undefined> {
  try {
    return (await client.send<Props>("GET", path, call.signal)) ?? {};
  } catch (error) {
    if (!(error instanceof CloudflareError) || error.status !== 404) throw error;
    call.log("warning", "Resource not found: The resource was not found on the server and will be removed from state.");
    return undefined;
  }
}

/** What the program set to "nothing" and the API does not mention is still that, not missing. */
function stillUnset(inputs: Props, outputs: Props, root: Place): Props {
  const fresh = refreshInputs(inputs, outputs, root);
  return Object.fromEntries(Object.entries(inputs).filter(([name, value]) => isNothing(value) && !(name in fresh)));
}

function isNothing(value: unknown): boolean {
  if (value === false || value === "") return true;
  if (Array.isArray(value)) return value.length === 0;
  return isObject(value) && Object.keys(value).length === 0;
}

/** The program's values, and the API's in the places that the program left open. */
function filledIn(told: unknown, wanted: unknown): unknown {
  if (wanted === undefined || wanted === null) return told;
  if (Array.isArray(told) && Array.isArray(wanted) && told.length === wanted.length) {
    return wanted.map((item, index) => (isObject(item) ? filledIn(told[index], item) : item));
  }
  if (!isObject(told) || !isObject(wanted)) return wanted;
  const names = new Set([...Object.keys(told), ...Object.keys(wanted)]);
  return Object.fromEntries([...names].map((name) => [name, filledIn(told[name], wanted[name])]));
}

/** The fields of a PATCH: what differs from the last state. */
function changedFields(wanted: Props, state: Props, root: Place, spelling: Spelling): Props {
  const body: Props = {};
  for (const [name, value] of Object.entries(wanted)) {
    if (JSON.stringify(value) === JSON.stringify(state[name])) continue;
    body[wireName(name, "snake")] = toWire(value, root.child(name), spelling);
  }
  return body;
}

/** What the program no longer sets is sent as null, or a PUT would leave it as it is. */
function removedFields(wanted: Props, state: Props, root: Place): Props {
  const body: Props = {};
  for (const name of Object.keys(root.properties)) {
    const place = root.child(name)!;
    if (place.computed || place.upstream.optComp === 1) continue;
    if (state[name] !== undefined && wanted[name] === undefined) body[wireName(name, "snake")] = null;
  }
  return body;
}

/** Of the old state, what only the API gives; the answer to the update says it anew where it changed. */
function keptState(state: Props, outputs: Place, inputs: Place): Props {
  return pick(
    state,
    Object.keys(outputs.properties).filter((name) => !(name in inputs.properties)),
  );
}

/** `accounts/A/ID` by the pattern `<accounts|zones>/<account_id|zone_id>/<id>`: the id and the path's inputs. */
export function parseImportId(text: string, pattern: string): { id: string; props: Props } {
  const parts = text.split("/");
  const names = pattern.split("/");
  if (parts.length !== names.length || parts.some((part) => part === "")) {
    throw new Error(`invalid ID: expected urlencoded segments ${JSON.stringify(pattern)}, got ${JSON.stringify(text)}`);
  }
  const props: Props = {};
  let id = "";
  for (const [index, name] of names.entries()) {
    const part = decodeURIComponent(parts[index]!);
    if (name === "<accounts|zones>") {
      if (part !== "accounts" && part !== "zones") {
        throw new Error(`invalid discriminator segment - <{accounts|zones}/{account_id|zone_id}>, got ${part}`);
      }
    } else if (name === "<account_id|zone_id>") {
      props[parts[0] === "accounts" ? "accountId" : "zoneId"] = part;
    } else {
      const property = name.slice(1, -1).replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
      props[property] = part;
      id = part;
    }
  }
  return { id, props };
}

function pick(props: Props, names: string[]): Props {
  return Object.fromEntries(names.filter((name) => props[name] !== undefined).map((name) => [name, props[name]]));
}

function without(props: Props, names: string[]): Props {
  return Object.fromEntries(Object.entries(props).filter(([name]) => !names.includes(name)));
}
