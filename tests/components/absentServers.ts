import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer, type Server } from "node:http";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Machines, noMachines } from "../../sandbox/clouds/machines";
import { AbsentDocker } from "./absentDocker";

/**
 * Instead of `ssh`: tells its words, then what it is given to read. The answer begins with a line that holds the exit code;
 * what follows is the output, or for 255 the reason. In Perl, because a process of Node for each costs more than the rest.
 */
const ssh = (port: number) => String.raw`#!/usr/bin/perl
use strict;
use Socket;
my $peer;
socket($peer, PF_INET, SOCK_STREAM, 0) && connect($peer, sockaddr_in(${port}, INADDR_LOOPBACK)) or exit 255;
sub put {
  my ($to, $text) = @_;
  while (length $text) { substr($text, 0, syswrite($to, $text) // exit 255, "") }
}
put($peer, join("\0", scalar @ARGV, @ARGV, ""));
my ($code, $head, $reading) = (undef, "", 1);
while (1) {
  my $ready = "";
  vec($ready, fileno($peer), 1) = 1;
  vec($ready, fileno(STDIN), 1) = 1 if $reading;
  select($ready, undef, undef, undef);
  if ($reading && vec($ready, fileno(STDIN), 1)) {
    if (sysread(STDIN, my $text, 65536)) { put($peer, $text) } else { $reading = 0; shutdown($peer, 1) }
  }
  next unless vec($ready, fileno($peer), 1);
  sysread($peer, my $text, 65536) or exit($code // 255);
  if (!defined $code) {
    $head .= $text;
    next unless $head =~ s/^(\d+)\n//;
    ($code, $text) = ($1, $head);
  }
  put($code == 255 ? *STDERR : *STDOUT, $text);
}
`;

/** A server that exists in the books of a cloud only. */
export class AbsentServer {
  readonly docker = new AbsentDocker();
  /** What creel-agent was last told, by container. */
  readonly orders = new Map<string, string>();
  /** What was asked of it over SSH, in order. */
  readonly commands: string[] = [];
  readonly hostKey: string;
  reachable = true;
  /** From then on it shows its own key only. */
  private handedOver = false;

  constructor(readonly address: string) {
    const key = createHash("sha256").update(address).digest();
    const head = Buffer.from("0000000b7373682d6564323535313900000020", "hex");
    this.hostKey = `ssh-ed25519 ${Buffer.concat([head, key]).toString("base64")}`;
  }

  /** Why a client with these words does not get in; undefined when it does. */
  refusal(words: string[]): string | undefined {
    if (!this.reachable) return `ssh: connect to host ${this.address} port 22: Connection timed out`;
    const pinned = words.some((word) => word.startsWith("KnownHostsCommand=") && word.includes(this.hostKey));
    return this.handedOver && !pinned ? "Host key verification failed." : undefined;
  }

  /** Runs what it knows of, and gives what that prints. */
  run(command: string, input: string, stopped: (container: string) => void): string {
    this.commands.push(command);
    const [, ordered] = /creel-agent apply (\S+)$/.exec(command) ?? [];
    if (ordered !== undefined) this.orders.set(ordered, input);
    const [, stop] = /docker stop -t \d+ (\S+)/.exec(command) ?? [];
    if (stop !== undefined) stopped(stop);
    const [, removed] = /creel-agent remove (\S+)$/.exec(command) ?? [];
    if (removed !== undefined) this.orders.delete(removed);
    if (command.endsWith("- activate")) this.handedOver = true;
    return /- (stage|activate)$/.test(command) ? this.hostKey : "{}";
  }
}

/**
 * The servers of clouds that keep books only, and the `ssh` that leads to them: each is another one, by its address. Where
 * no cloud is asked for its machines there is one at every address.
 */
export class AbsentServers {
  private readonly folder = mkdtempSync(path.join(tmpdir(), "creel-absent-"));
  /** Folder with the `ssh`, to be put before all others. */
  readonly bin = path.join(this.folder, "bin");
  private readonly servers = new Map<string, AbsentServer>();
  private clouds = 0;
  private readonly open = new Set<Socket>();
  private readonly docker: Server;
  private readonly listener = createServer({ allowHalfOpen: true }, (socket) => this.connected(socket));
  private readonly dialled = new WeakMap<Socket, AbsentDocker>();

  /** @param stopped told the name of a container that is stopped by a command on its server */
  constructor(private readonly stopped: (container: string) => void = () => {}) {
    this.docker = createHttpServer((request, response) => {
      void this.dialled.get(request.socket)!.serve(request, response);
    });
    // Docker's own server hangs up on nobody.
    this.docker.keepAliveTimeout = 0;
  }

  async start(): Promise<this> {
    await new Promise<void>((done) => this.listener.listen(0, "127.0.0.1", done));
    const { port } = this.listener.address() as AddressInfo;
    mkdirSync(this.bin);
    writeFileSync(path.join(this.bin, "ssh"), ssh(port), { mode: 0o755 });
    return this;
  }

  async stop(): Promise<void> {
    for (const socket of this.open) socket.destroy();
    await new Promise((done) => this.listener.close(done));
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** What a cloud is to call, so that its servers are there, and can be reached, as long as it says so. */
  machines(): Partial<Machines> {
    this.clouds++;
    const books = noMachines();
    const addresses = new Map<number, string>();
    const of = (id: number) => this.servers.get(addresses.get(id) ?? "");
    return {
      ...books,
      create: async (machine) => {
        addresses.set(machine.id, machine.ipv4);
        this.servers.set(machine.ipv4, new AbsentServer(machine.ipv4));
        await books.create(machine);
      },
      remove: async (id) => {
        this.servers.delete(addresses.get(id) ?? "");
        await books.remove(id);
      },
      powerOn: async (id) => {
        of(id)!.reachable = true;
        await books.powerOn(id);
      },
      powerOff: async (id) => {
        of(id)!.reachable = false;
        await books.powerOff(id);
      },
    };
  }

  /** All that there are, by address. */
  all(): AbsentServer[] {
    return [...this.servers.values()];
  }

  at(address: string): AbsentServer {
    const found = this.servers.get(address);
    if (found === undefined) throw new Error(`no server at ${address}`);
    return found;
  }

  /** Names of the containers that there are on all servers. */
  running(): string[] {
    return this.all()
      .flatMap(({ docker }) => docker.names())
      .sort();
  }

  /** What creel-agent was last told about a container's secrets, in plain text. */
  secrets(container: string): Record<string, string> {
    const order = this.all()
      .find(({ orders }) => orders.has(container))!
      .orders.get(container)!;
    const { secrets } = JSON.parse(order) as { secrets: Record<string, string> };
    return Object.fromEntries(
      Object.entries(secrets).map(([key, value]) => [key, Buffer.from(value, "base64").toString()]),
    );
  }

  /** Reads the words of an `ssh` and what follows them, and answers. */
  private connected(socket: Socket): void {
    this.open.add(socket);
    socket.on("close", () => this.open.delete(socket));
    socket.on("error", () => socket.destroy());
    let received = Buffer.alloc(0);
    let words: string[] | undefined;
    const read = (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      words ??= wordsIn(received);
      if (words?.at(-1) !== "dial-stdio") return;
      socket.off("data", read).off("end", run);
      socket.unshift(received.subarray(lengthOf(words)));
      this.lead(socket, words);
    };
    const run = () => {
      const [server, refusal] = this.reached(words ?? []);
      const input = received.subarray(lengthOf(words ?? [])).toString();
      socket.end(
        refusal === undefined ? `0\n${server!.run(words!.at(-1)!, input, this.stopped)}` : `255\n${refusal}\n`,
      );
    };
    socket.on("data", read).on("end", run);
  }

  /** Leads a connection to a server's Docker. */
  private lead(socket: Socket, words: string[]): void {
    const [server, refusal] = this.reached(words);
    if (server === undefined || refusal !== undefined) return void socket.end(`255\n${refusal}\n`);
    server.commands.push("docker");
    socket.write("0\n");
    this.dialled.set(socket, server.docker);
    this.docker.emit("connection", socket);
  }

  /** The server that a client with these words wants, and why it does not get in. */
  private reached(words: string[]): [AbsentServer | undefined, refusal: string | undefined] {
    const address = words.find((_, i) => words[i - 1] === "--") ?? words.at(-2)?.replace(/^.*@/, "") ?? "";
    if (this.clouds === 0 && !this.servers.has(address)) this.servers.set(address, new AbsentServer(address));
    const server = this.servers.get(address);
    if (server === undefined) return [undefined, `ssh: connect to host ${address} port 22: No route to host`];
    return [server, server.refusal(words)];
  }
}

/** The words at the start of a message, after their number, each ended by a zero byte; undefined while some are missing. */
function wordsIn(message: Buffer): string[] | undefined {
  const [count, ...words] = message.toString().split("\0");
  return words.length > Number(count) ? words.slice(0, Number(count)) : undefined;
}

/** Bytes that the words take. */
function lengthOf(words: string[]): number {
  return Buffer.byteLength([words.length, ...words, ""].join("\0"));
}
