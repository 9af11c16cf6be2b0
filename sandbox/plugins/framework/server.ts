import { Server, ServerCredentials, type UntypedServiceImplementation } from "@grpc/grpc-js";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { whenToStop } from "./lifecycle";
import type { ProviderDefinition } from "./provider";
import { providerService } from "./service";

/** Bytes: what the engine itself allows for a message (sdk/go/common/util/rpcutil). */
const MAX_MESSAGE = 400 * 1024 * 1024;

/** Serves a provider on a free loopback port, prints the port, and ends the process when the engine no longer needs it. */
export async function serve(definition: ProviderDefinition<unknown>): Promise<void> {
  // The engine's address is the last argument; flags for logging may stand before it.
  const { service, stop } = providerService(definition, process.argv.at(-1));
  const { server, port } = await listen(service);
  whenToStop(() => {
    stop();
    server.forceShutdown();
    // What the handlers started (a command, a connection) hears of the abort before the process goes.
    setTimeout(() => process.exit(0), 100);
  });
  process.stdout.write(`${port}\n`);
}

/** A gRPC server on a free loopback port. */
export async function listen(service: UntypedServiceImplementation): Promise<{ server: Server; port: number }> {
  const server = new Server({
    "grpc.max_receive_message_length": MAX_MESSAGE,
    "grpc.max_send_message_length": MAX_MESSAGE,
  });
  server.addService(ResourceProviderService, service);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return { server, port };
}
