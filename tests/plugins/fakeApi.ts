import { createServer, type Server } from "node:http";

export interface Asked {
  method: string;
  url: string;
  body: unknown;
  authorization: string | undefined;
}

export interface Reply {
  status?: number;
  headers?: Record<string, string>;
  body?: unknown;
}

/** An HTTP server on loopback that answers from a script and remembers what it was asked. */
export class FakeApi {
  readonly asked: Asked[] = [];
  url = "";
  private readonly server: Server;

  private constructor(answer: (asked: Asked, count: number) => Reply) {
    this.server = createServer((request, response) => {
      let text = "";
      request.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
      });
      request.on("end", () => {
        const asked: Asked = {
          method: request.method!,
          url: request.url!,
          body: text === "" ? undefined : JSON.parse(text),
          authorization: request.headers.authorization,
        };
        this.asked.push(asked);
        const { status = 200, headers = {}, body } = answer(asked, this.asked.length);
        response.writeHead(status, { "content-type": "application/json", ...headers });
        response.end(body === undefined ? "" : JSON.stringify(body));
      });
    });
  }

  static async start(answer: (asked: Asked, count: number) => Reply): Promise<FakeApi> {
    const api = new FakeApi(answer);
    await new Promise<void>((resolve) => api.server.listen(0, "127.0.0.1", resolve));
    api.url = `http://127.0.0.1:${(api.server.address() as { port: number }).port}`;
    return api;
  }

  stop(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }
}
