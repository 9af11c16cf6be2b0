import { credentials, type Server } from "@grpc/grpc-js";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as rpc from "@pulumi/pulumi/proto/provider_pb";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb";
import type { Props, ProviderDefinition } from "../../sandbox/plugins/framework/provider";
import { listen } from "../../sandbox/plugins/framework/server";
import { providerService } from "../../sandbox/plugins/framework/service";
import { toStruct } from "../../sandbox/plugins/framework/wire";

/** A provider served in this process and driven over gRPC, as the engine does it. */
export class ProviderClient {
  private constructor(
    private readonly server: Server,
    private readonly stopProvider: () => void,
    readonly client: ResourceProviderClient,
  ) {}

  static async start(definition: ProviderDefinition<never>, config: Props = {}): Promise<ProviderClient> {
    const { service, stop } = providerService(definition as unknown as ProviderDefinition<unknown>, undefined);
    const { server, port } = await listen(service);
    const client = new ResourceProviderClient(`127.0.0.1:${port}`, credentials.createInsecure(), {
      "grpc.max_receive_message_length": -1,
    });
    const started = new ProviderClient(server, stop, client);
    const request = new rpc.ConfigureRequest();
    request.setArgs(toStruct(config));
    await started.call("configure", request);
    return started;
  }

  stop(): void {
    this.stopProvider();
    this.client.close();
    this.server.forceShutdown();
  }

  async check(token: string, news: Props, olds?: Props): Promise<{ inputs: Props; reasons: string[] }> {
    const request = new rpc.CheckRequest();
    request.setUrn(urn(token));
    request.setNews(toStruct(news));
    if (olds) request.setOlds(toStruct(olds));
    request.setRandomseed(Buffer.alloc(32, 7));
    const response = await this.call<rpc.CheckResponse>("check", request);
    const reasons = response.getFailuresList().map((failure) => failure.getReason());
    return { inputs: raw(response.getInputs()), reasons };
  }

  /** Reasons why the configuration of the default provider is refused. */
  async checkConfig(config: Props): Promise<string[]> {
    const request = new rpc.CheckRequest();
    request.setUrn("urn:pulumi:test::plugins::pulumi:providers:toy::default");
    request.setNews(toStruct(config));
    const response = await this.call<rpc.CheckResponse>("checkConfig", request);
    return response.getFailuresList().map((failure) => failure.getReason());
  }

  async diff(token: string, olds: Props, news: Props, ignore: string[] = []) {
    const request = new rpc.DiffRequest();
    request.setUrn(urn(token));
    request.setId("id");
    request.setOldInputs(toStruct(olds));
    request.setOlds(toStruct(olds));
    request.setNews(toStruct(news));
    request.setIgnorechangesList(ignore);
    const response = await this.call<rpc.DiffResponse>("diff", request);
    const kinds = Object.fromEntries(Object.entries(rpc.PropertyDiff.Kind).map(([name, kind]) => [kind, name]));
    const detailed: Record<string, string | undefined> = {};
    response.getDetaileddiffMap().forEach((detail, path) => {
      detailed[path] = kinds[detail.getKind()];
    });
    return {
      changed: response.getChanges() === rpc.DiffResponse.DiffChanges.DIFF_SOME,
      replaces: response.getReplacesList().sort(),
      deleteBeforeReplace: response.getDeletebeforereplace(),
      detailed,
    };
  }

  async create(token: string, inputs: Props, preview = false): Promise<{ id: string; outputs: Props }> {
    const request = new rpc.CreateRequest();
    request.setUrn(urn(token));
    request.setProperties(toStruct(inputs));
    request.setPreview(preview);
    const response = await this.call<rpc.CreateResponse>("create", request);
    return { id: response.getId(), outputs: raw(response.getProperties()) };
  }

  async read(token: string, id: string, state: Props = {}, inputs: Props = {}) {
    const request = new rpc.ReadRequest();
    request.setUrn(urn(token));
    request.setId(id);
    request.setProperties(toStruct(state));
    request.setInputs(toStruct(inputs));
    const response = await this.call<rpc.ReadResponse>("read", request);
    return { id: response.getId(), outputs: raw(response.getProperties()), inputs: raw(response.getInputs()) };
  }

  async update(token: string, id: string, state: Props, olds: Props, news: Props, preview = false): Promise<Props> {
    const request = new rpc.UpdateRequest();
    request.setUrn(urn(token));
    request.setId(id);
    request.setOlds(toStruct(state));
    request.setOldInputs(toStruct(olds));
    request.setNews(toStruct(news));
    request.setPreview(preview);
    return raw((await this.call<rpc.UpdateResponse>("update", request)).getProperties());
  }

  async delete(token: string, id: string, state: Props): Promise<void> {
    const request = new rpc.DeleteRequest();
    request.setUrn(urn(token));
    request.setId(id);
    request.setProperties(toStruct(state));
    await this.call("delete", request);
  }

  call<T>(method: string, request: unknown): Promise<T> {
    const client = this.client as unknown as Record<
      string,
      (request: unknown, done: (e: unknown, r: T) => void) => void
    >;
    return new Promise((resolve, reject) => {
      client[method]!(request, (error, response) => (error ? reject(error) : resolve(response)));
    });
  }
}

/** Values as they stand in the message: secrets and unknowns still marked. */
function raw(struct: Struct | undefined): Props {
  return (struct?.toJavaScript() ?? {}) as Props;
}

export function urn(token: string): string {
  return `urn:pulumi:test::plugins::${token}::thing`;
}
