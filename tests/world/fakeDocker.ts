import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";

/** What a faked Docker daemon says of itself. */
export interface FakeDaemon {
  apiVersion?: string;
  version?: string;
  info?: Record<string, unknown>;
}

/** Something on a Unix socket that answers as a Docker daemon does, as far as finding one goes. */
export async function fakeDocker(daemon: FakeDaemon = {}): Promise<{ socket: string; close(): Promise<void> }> {
  const folder = await mkdtemp(path.join(tmpdir(), "creel-fake-"));
  const socket = path.join(folder, "docker.sock");
  const answers: Record<string, unknown> = {
    "/_ping": "OK",
    "/version": { ApiVersion: daemon.apiVersion ?? "1.41", Version: daemon.version ?? "20.10.24" },
    "/info": { OSType: "linux", OperatingSystem: "Debian GNU/Linux 12", SecurityOptions: [], ...daemon.info },
  };
  const server = createServer((request, response) => {
    const answer = answers[request.url ?? ""];
    response.writeHead(answer === undefined ? 404 : 200, { "content-type": "application/json" });
    response.end(typeof answer === "string" ? answer : JSON.stringify(answer ?? { message: "not found" }));
  });
  await new Promise<void>((done) => server.listen(socket, done));
  return {
    socket,
    async close() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
      await rm(folder, { recursive: true, force: true });
    },
  };
}
