import { readFile } from "node:fs/promises";
import { createServer as createHttp, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { createServer, type TLSSocket } from "node:tls";
import { type CryptoKey, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { serverCertificate } from "../../sandbox/certificates";

interface Key {
  kid: string;
  private: CryptoKey;
  public: CryptoKey;
}

/** A Cloudflare Access team: its keys, and who has asked for them. */
export class Team {
  readonly issuer: string;
  /** How often the keys were fetched. */
  fetches = 0;
  /** Whether the team's hostname is out of reach. */
  down = false;
  private keys: Key[] = [];

  constructor(readonly name: string) {
    this.issuer = `https://${name}.cloudflareaccess.com`;
  }

  /** Makes a new key the only one that is published. */
  async rotate(): Promise<void> {
    const { publicKey, privateKey } = await generateKeyPair("RS256");
    this.keys = [{ kid: `${this.name}-${Math.random()}`, private: privateKey, public: publicKey }];
  }

  /** A token as Access makes them, with the newest key unless another one is given. */
  async token(audience: string | string[], claims: JWTPayload = {}, key = this.keys[0]!): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const payload = { aud: audience, email: "ana@example.com", iss: this.issuer, iat: now, exp: now + 60, ...claims };
    return new SignJWT({ ...payload, type: "app" })
      .setProtectedHeader({ alg: "RS256", kid: key.kid })
      .sign(key.private);
  }

  /** A key that nobody publishes. */
  async strangeKey(): Promise<Key> {
    const { publicKey, privateKey } = await generateKeyPair("RS256");
    return { kid: "strange", private: privateKey, public: publicKey };
  }

  async certificates(): Promise<string> {
    this.fetches += 1;
    const keys = this.keys.map(async (key) => ({ ...(await exportJWK(key.public)), kid: key.kid, alg: "RS256" }));
    return JSON.stringify({ keys: await Promise.all(keys) });
  }
}

/** Teams by name, reached as connectors reach them: over TLS, through a proxy that leads nowhere else. */
export interface Teams {
  /** What HTTPS_PROXY is set to. */
  proxy: string;
  /** A team of that name with one key. */
  team(name: string): Promise<Team>;
  stop(): void;
}

/** @param folder of the authority that connectors trust */
export async function startTeams(folder: string): Promise<Teams> {
  const teams = new Map<string, Team>();
  const sockets = new Set<Socket>();
  const files = await serverCertificate(folder, "teams", ["*.cloudflareaccess.com"]);
  const answers = createHttp(async (request, response) => {
    const team = teams.get(request.headers.host!.split(".")[0]!);
    if (team?.down) return void request.socket.destroy();
    response.setHeader("content-type", "application/json");
    if (!team || request.url !== "/cdn-cgi/access/certs") response.writeHead(404).end();
    else response.end(await team.certificates());
  });
  const tls = createServer({ cert: await readFile(files.certificate), key: await readFile(files.key) }, (socket) =>
    answers.emit("connection", socket),
  );
  const tlsPort = await listening(tls);
  const proxy = createHttp().on("connect", (request, client: Socket) => {
    const team = teams.get(request.url!.split(".")[0]!);
    if (!team || team.down || !request.url!.endsWith(".cloudflareaccess.com:443")) {
      client.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
      return;
    }
    const server = connect(tlsPort, "127.0.0.1", () => client.write("HTTP/1.1 200 OK\r\n\r\n"));
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.on("error", () => {}).on("close", () => sockets.delete(socket));
    }
    client.pipe(server).pipe(client);
  });
  tls.on("secureConnection", (socket: TLSSocket) => socket.on("error", () => {}));
  return {
    proxy: `http://127.0.0.1:${await listening(proxy)}`,
    team: async (name) => {
      const made = new Team(name);
      await made.rotate();
      teams.set(name, made);
      return made;
    },
    stop: () => {
      proxy.close();
      tls.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

async function listening(server: Server | ReturnType<typeof createServer>): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}
