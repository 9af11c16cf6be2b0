import * as plugin from "@pulumi/pulumi/proto/plugin_pb";
import * as rpc from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { changedConfig, configFaults, decodeConfig } from "./config";
import { EngineLog } from "./engineLog";
import { type Call, PartialFailure, type Props, type ProviderDefinition } from "./provider";
import { Resources } from "./resources";
import { checkResponse, diffResponse } from "./responses";
import { markSecrets } from "./secrets";
import { configRoot } from "./table";
import { hasUnknown } from "./values";
import { fromStruct, toStruct } from "./wire";

/** Output that marks a resource whose creation failed half-way: bridged providers call it tainted and replace it. */
const TAINTED = "__tainted";

interface Named {
  getUrn(): string;
  getName?(): string;
  getType?(): string;
}

/** The methods of the `ResourceProvider` service, from message to message. */
export class Methods {
  private readonly resources: Resources<unknown>;
  private readonly cancelled = new AbortController();
  private log: EngineLog;
  private context: unknown;
  private configured = false;

  constructor(
    private readonly definition: ProviderDefinition<unknown>,
    engineAddress: string | undefined,
  ) {
    this.resources = new Resources(definition);
    this.log = new EngineLog(engineAddress?.includes(":") ? engineAddress : undefined);
  }

  handshake(request: rpc.ProviderHandshakeRequest): rpc.ProviderHandshakeResponse {
    if (request.getEngineAddress()) this.log = new EngineLog(request.getEngineAddress());
    return new rpc.ProviderHandshakeResponse();
  }

  attach(request: plugin.PluginAttach): Empty {
    this.log = new EngineLog(request.getAddress());
    return new Empty();
  }

  /** Name and version only: plain programs never ask for more. */
  schema(): rpc.GetSchemaResponse {
    const response = new rpc.GetSchemaResponse();
    response.setSchema(JSON.stringify({ name: this.definition.name, version: this.definition.facts.npmSdk }));
    return response;
  }

  info(): plugin.PluginInfo {
    const info = new plugin.PluginInfo();
    info.setVersion(this.definition.facts.npmSdk);
    return info;
  }

  checkConfig(request: rpc.CheckRequest): rpc.CheckResponse {
    const news = fromStruct(request.getNews());
    const faults = configFaults(this.definition, decodeConfig(this.definition, news), nameOf(request));
    return checkResponse(markSecrets(news, configRoot(this.definition.facts)), faults);
  }

  diffConfig(request: rpc.DiffRequest): rpc.DiffResponse {
    const olds = fromStruct(request.getOldInputs() ?? request.getOlds());
    const changed = changedConfig(olds, fromStruct(request.getNews()));
    const replacing = new Set(this.definition.configReplaces ?? []);
    return diffResponse(
      changed.map((name) => ({ path: [name], kind: "update", replace: replacing.has(name) })),
      false,
    );
  }

  async configure(request: rpc.ConfigureRequest): Promise<rpc.ConfigureResponse> {
    const config = decodeConfig(this.definition, fromStruct(request.getArgs()));
    if (!hasUnknown(config)) {
      this.context = await this.definition.configure(config);
      this.configured = true;
    }
    const response = new rpc.ConfigureResponse();
    response.setAcceptsecrets(false);
    response.setSupportspreview(true);
    response.setAcceptresources(false);
    response.setAcceptoutputs(false);
    return response;
  }

  async check(request: rpc.CheckRequest): Promise<rpc.CheckResponse> {
    const token = typeOf(request);
    const olds = request.getOlds() ? fromStruct(request.getOlds()) : undefined;
    const seed = request.getRandomseed();
    const { inputs, faults, warnings } = this.resources.check(
      this.configured ? this.context : undefined,
      token,
      nameOf(request),
      olds && Object.keys(olds).length > 0 ? olds : undefined,
      fromStruct(request.getNews()),
      typeof seed === "string" ? Buffer.from(seed, "base64") : seed,
    );
    for (const warning of warnings) this.log.log("warning", warning, request.getUrn(), false);
    await this.log.flush();
    return checkResponse(markSecrets(inputs, this.resources.root(token, "inputs")), faults);
  }

  diff(request: rpc.DiffRequest): rpc.DiffResponse {
    const olds = fromStruct(request.getOldInputs() ?? request.getOlds());
    const news = fromStruct(request.getNews());
    const { changes, deleteBeforeReplace } = this.resources.diff(
      typeOf(request),
      olds,
      news,
      request.getIgnorechangesList(),
      fromStruct(request.getOlds())[TAINTED] === true,
    );
    return diffResponse(changes, deleteBeforeReplace);
  }

  async create(request: rpc.CreateRequest, signal: AbortSignal): Promise<rpc.CreateResponse> {
    const token = typeOf(request);
    const preview = request.getPreview();
    const inputs = fromStruct(request.getProperties());
    const call = this.call(request, request.getTimeout(), signal);
    const created = await this.finish(token, () =>
      this.resources.create(this.ready(preview), token, inputs, preview, call).catch((error) => {
        throw this.tainted(error);
      }),
    );
    const response = new rpc.CreateResponse();
    response.setId(created.id);
    response.setProperties(this.outputs(token, created.outputs));
    return response;
  }

  async read(request: rpc.ReadRequest, signal: AbortSignal): Promise<rpc.ReadResponse> {
    const token = typeOf(request);
    const state = fromStruct(request.getProperties());
    const inputs = fromStruct(request.getInputs());
    const call = this.call(request, request.getTimeout(), signal);
    const found = await this.finish(token, () =>
      this.resources.read(this.ready(false), token, request.getId(), state, inputs, call),
    );
    const response = new rpc.ReadResponse();
    if (!found) return response;
    const mark = TAINTED in state ? { [TAINTED]: state[TAINTED] } : {};
    response.setId(found.id);
    response.setProperties(this.outputs(token, { ...found.outputs, ...mark }));
    response.setInputs(toStruct(markSecrets(found.inputs, this.resources.root(token, "inputs"))));
    return response;
  }

  async update(request: rpc.UpdateRequest, signal: AbortSignal): Promise<rpc.UpdateResponse> {
    const token = typeOf(request);
    const preview = request.getPreview();
    const state = fromStruct(request.getOlds());
    const olds = fromStruct(request.getOldInputs());
    const news = fromStruct(request.getNews());
    const call = this.call(request, request.getTimeout(), signal);
    const outputs = await this.finish(token, () =>
      this.resources.update(this.ready(preview), token, request.getId(), state, olds, news, preview, call),
    );
    const response = new rpc.UpdateResponse();
    response.setProperties(this.outputs(token, outputs));
    return response;
  }

  async delete(request: rpc.DeleteRequest, signal: AbortSignal): Promise<Empty> {
    const token = typeOf(request);
    const state = fromStruct(request.getProperties());
    const call = this.call(request, request.getTimeout(), signal);
    await this.finish(token, () => this.resources.delete(this.ready(false), token, request.getId(), state, call));
    return new Empty();
  }

  async invoke(request: rpc.InvokeRequest, signal: AbortSignal): Promise<rpc.InvokeResponse> {
    const token = request.getTok();
    if (!this.definition.invoke) throw new Error(`unrecognized data function: ${token}`);
    const call = this.call({ getUrn: () => "" }, 0, signal);
    const result = await this.definition.invoke(this.ready(false), token, fromStruct(request.getArgs()), call);
    await this.log.flush();
    const response = new rpc.InvokeResponse();
    response.setReturn(toStruct(result));
    return response;
  }

  cancel(): void {
    this.cancelled.abort();
  }

  /** Runs a handler; what it logged is with the engine before the answer, and partial failures carry marked outputs. */
  private async finish<T>(token: string, run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof PartialFailure)) throw error;
      const outputs = markSecrets(error.outputs, this.resources.root(token, "outputs"));
      throw new PartialFailure(error.id, outputs, error.reasons);
    } finally {
      await this.log.flush();
    }
  }

  private tainted(error: unknown): unknown {
    if (!(error instanceof PartialFailure) || this.definition.origin === "native") return error;
    return new PartialFailure(error.id, { ...error.outputs, [TAINTED]: true }, error.reasons);
  }

  private outputs(token: string, outputs: Props) {
    return toStruct(markSecrets(outputs, this.resources.root(token, "outputs")));
  }

  /** A preview may come before the configuration is known. */
  private ready(preview: boolean): unknown {
    if (!this.configured && !preview) throw new Error(`provider ${this.definition.name} is not configured`);
    return this.context;
  }

  private call(request: Named, timeout: number, signal: AbortSignal): Call {
    const urn = request.getUrn();
    return {
      urn,
      name: nameOf(request),
      timeout,
      signal: AbortSignal.any([signal, this.cancelled.signal]),
      log: (severity, message, status = false) => this.log.log(severity, message, urn, status),
    };
  }
}

/** The last part of `urn:pulumi:stack::project::parent$type::name`; names may hold colons. */
function nameOf(request: Named): string {
  return request.getName?.() || request.getUrn().split("::").slice(3).join("::");
}

function typeOf(request: Named): string {
  return request.getType?.() || (request.getUrn().split("::")[2] ?? "").split("$").at(-1)!;
}
