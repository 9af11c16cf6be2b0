import * as grpc from "@grpc/grpc-js";
import { LanguageRuntimeService } from "@pulumi/pulumi/proto/language_grpc_pb";
import { Processes } from "./processes";
import { languageRuntime } from "./service";

/**
 * The Node language host, started by the engine with the engine's address as its last argument. Prints the port it
 * listens on, on the loopback interface, and serves until it is told to stop or the engine is gone.
 */
async function main(): Promise<void> {
  const engineAddress = process.argv.at(-1) ?? "";
  const processes = new Processes();
  // Messages carry whole stacks: the library's limit of 4 MiB is lifted, as the engine lifts its own.
  const server = new grpc.Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
  server.addService(LanguageRuntimeService, languageRuntime(engineAddress, processes));
  const port = await listen(server);

  let stopping = false;
  const stop = async () => {
    if (stopping) return;
    stopping = true;
    await processes.stop();
    server.forceShutdown();
    killGroup();
    process.exit(0);
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  // The engine holds the other ends of these pipes: its death, however sudden, shows on each of them.
  process.stdin.on("end", stop).on("error", stop).resume();
  process.stdout.on("error", stop);
  process.stderr.on("error", stop);

  console.log(port);
}

function listen(server: grpc.Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) =>
      error ? reject(error) : resolve(port),
    );
  });
}

/**
 * Ends what programs left running behind them, and this host with it. The engine starts each plugin as the leader of a
 * process group; a host that was started otherwise leads none, and nothing happens.
 */
function killGroup(): void {
  try {
    process.kill(-process.pid, "SIGKILL");
  } catch {
    // no such group
  }
}

void main();
