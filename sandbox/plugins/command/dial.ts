import { existsSync } from "node:fs";
import { connect as connectTcp, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";
import { Client, type ConnectConfig, utils } from "ssh2";
import type { Call } from "../framework/provider";
import { backoff, type Connection, dialError, type Endpoint, parseHostKey } from "./connection";

/** An SSH connection, and how to end it (with the proxy's, if there is one). */
export interface Dialled {
  client: Client;
  close(): void;
}

type Talk = Pick<Call, "log" | "signal">;

/**
 * Connects, trying again while dials fail, up to `dialErrorLimit`. A refused host key counts as a failed dial, like a
 * server that is not up yet. Keys that cannot be read are an error at once.
 */
export async function dial(connection: Connection, call: Talk): Promise<Dialled> {
  const config = clientConfig(connection);
  const { proxy } = connection;
  if (!proxy) {
    const client = await retrying("Dial", connection, call, async () => handshake(await tcp(connection, call), config));
    return { client, close: () => client.end() };
  }
  try {
    const proxyConfig = clientConfig(proxy);
    const through = await retrying("Dial proxy", proxy, call, async () =>
      handshake(await tcp(proxy, call), proxyConfig),
    );
    try {
      const client = await retrying("Dial from proxy", connection, call, async () =>
        handshake(await forward(through, connection), config),
      );
      const close = () => {
        client.end();
        through.end();
      };
      return { client, close };
    } catch (error) {
      through.end();
      throw error;
    }
  } catch (error) {
    throw new Error(`proxy: ${(error as Error).message}`);
  }
}

/** What ssh2 needs to know, without the socket. Throws on keys and sockets that cannot be used. */
function clientConfig(endpoint: Endpoint): ConnectConfig {
  const pinned = endpoint.hostKey === undefined ? undefined : parseHostKey(endpoint.hostKey);
  return {
    username: endpoint.user,
    // The connection's own time-out is for TCP alone.
    readyTimeout: 0,
    ...(pinned
      ? {
          hostVerifier: (key: Buffer) => key.equals(pinned.blob),
          algorithms: { serverHostKey: [pinned.type as "ssh-ed25519"] },
        }
      : { hostVerifier: () => true }),
    ...authentication(endpoint),
  };
}

/** A private key comes first and leaves no room for the agent's: each kind of proof is offered once. */
function authentication(endpoint: Endpoint): ConnectConfig {
  const { privateKey, privateKeyPassword, password } = endpoint;
  const agent = endpoint.agentSocketPath ?? (process.env.SSH_AUTH_SOCK || undefined);
  if (agent && !existsSync(agent)) throw new Error(`dial unix ${agent}: connect: no such file or directory`);
  if (privateKey !== undefined) {
    const key = utils.parseKey(privateKey, privateKeyPassword);
    if (key instanceof Error) throw new Error(`ssh: ${key.message}`);
  }
  return {
    ...(privateKey === undefined ? (agent ? { agent } : {}) : { privateKey, passphrase: privateKeyPassword }),
    ...(password === undefined ? {} : { password, tryKeyboard: true }),
  };
}

async function retrying<T>(what: string, endpoint: Endpoint, call: Talk, attempt: () => Promise<T>): Promise<T> {
  const { dialErrorLimit } = endpoint;
  for (let failures = 0; ; ) {
    try {
      return await attempt();
    } catch (error) {
      if (call.signal.aborted) throw new Error("context canceled");
      const message = dialError(error as Error);
      if (dialErrorLimit > -1 && failures >= dialErrorLimit) {
        throw new Error(`after ${failures} failed attempts: ${message}`);
      }
      failures++;
      call.log("info", `${what} ${failures}/${dialErrorLimit === -1 ? "inf" : dialErrorLimit} failed: retrying`, true);
      await wait(backoff(failures), undefined, { signal: call.signal }).catch(() => {
        throw new Error("context canceled");
      });
    }
  }
}

function tcp(endpoint: Endpoint, call: Talk): Promise<Socket> {
  const { host, port, perDialTimeout } = endpoint;
  return new Promise((resolve, reject) => {
    const socket = connectTcp({ host, port });
    const abort = () => socket.destroy(new Error("context canceled"));
    const timer =
      perDialTimeout > 0
        ? setTimeout(() => socket.destroy(new Error(`dial tcp ${host}:${port}: i/o timeout`)), perDialTimeout * 1000)
        : undefined;
    const settle = () => {
      clearTimeout(timer);
      call.signal.removeEventListener("abort", abort);
    };
    call.signal.addEventListener("abort", abort, { once: true });
    socket.once("connect", () => {
      settle();
      resolve(socket);
    });
    socket.once("error", (error) => {
      settle();
      reject(error);
    });
  });
}

/** A stream to the target, opened by the proxy's sshd. */
function forward(through: Client, target: Endpoint): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    through.forwardOut("127.0.0.1", 0, target.host, target.port, (error, stream) =>
      error ? reject(new Error(`dial ${error.message}`)) : resolve(stream),
    );
  });
}

function handshake(socket: Duplex, config: ConnectConfig): Promise<Client> {
  return new Promise((resolve, reject) => {
    const client = new Client();
    const { password } = config;
    client.on("keyboard-interactive", (_name, _instructions, _language, prompts, finish) =>
      finish(prompts.map(() => password ?? "")),
    );
    client.once("ready", () => {
      // From here on a broken connection shows in the session that uses it.
      client.on("error", () => {});
      resolve(client);
    });
    client.once("error", (error) => {
      socket.destroy();
      reject(error);
    });
    client.once("close", () => reject(new Error("EOF")));
    client.connect({ ...config, sock: socket as ConnectConfig["sock"] });
  });
}
