import type { ServerUnaryCall, sendUnaryData, UntypedServiceImplementation } from "@grpc/grpc-js";
import type * as plugin from "@pulumi/pulumi/proto/plugin_pb";
import type * as rpc from "@pulumi/pulumi/proto/provider_pb";
import type { Message } from "google-protobuf";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { toServiceError } from "./errors";
import { Methods } from "./methods";
import type { ProviderDefinition } from "./provider";

/** The gRPC service of one provider. `stop` aborts whatever is under way. */
export function providerService(
  definition: ProviderDefinition<unknown>,
  engineAddress: string | undefined,
): { service: UntypedServiceImplementation; stop: () => void } {
  const provider = new Methods(definition, engineAddress);
  const service: UntypedServiceImplementation = {
    handshake: answer(async (request: rpc.ProviderHandshakeRequest) => provider.handshake(request)),
    attach: answer(async (request: plugin.PluginAttach) => provider.attach(request)),
    getSchema: answer(async () => provider.schema()),
    getPluginInfo: answer(async () => provider.info()),
    checkConfig: answer(async (request: rpc.CheckRequest) => provider.checkConfig(request)),
    diffConfig: answer(async (request: rpc.DiffRequest) => provider.diffConfig(request)),
    configure: answer((request: rpc.ConfigureRequest) => provider.configure(request)),
    check: answer((request: rpc.CheckRequest) => provider.check(request)),
    diff: answer(async (request: rpc.DiffRequest) => provider.diff(request)),
    create: answer((request: rpc.CreateRequest, signal) => provider.create(request, signal)),
    read: answer((request: rpc.ReadRequest, signal) => provider.read(request, signal)),
    update: answer((request: rpc.UpdateRequest, signal) => provider.update(request, signal)),
    delete: answer((request: rpc.DeleteRequest, signal) => provider.delete(request, signal)),
    invoke: answer((request: rpc.InvokeRequest, signal) => provider.invoke(request, signal)),
    cancel: answer(async () => {
      provider.cancel();
      return new Empty();
    }),
  };
  return { service, stop: () => provider.cancel() };
}

/** A method from its promise; the signal is aborted when the engine gives the call up. */
function answer<Q extends Message, A extends Message>(method: (request: Q, signal: AbortSignal) => Promise<A>) {
  return (call: ServerUnaryCall<Q, A>, reply: sendUnaryData<A>): void => {
    const abort = new AbortController();
    call.on("cancelled", () => abort.abort());
    method(call.request, abort.signal).then(
      (response) => reply(null, response),
      (error: unknown) => reply(toServiceError(error), null),
    );
  };
}
