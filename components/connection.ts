import { Command } from "@pulumi/command/local/command";
import type { ProviderArgs } from "@pulumi/docker/provider";
import * as pulumi from "@pulumi/pulumi";

/**
 * How to reach a server over SSH, described once: the docker provider and every remote command run the system's `ssh`
 * with the same options. Keys come from the ssh-agent ($SSH_AUTH_SOCK) or ~/.ssh, so none is ever kept in state.
 */
export interface ServerConnection {
  /** IPv4 address or name of the server. */
  host: pulumi.Output<string>;
  /** Login name. */
  user: string;
  /** TCP port of sshd. */
  port: number;
  /** Public host keys that are accepted, as `ssh-ed25519 AAAA…`; any other key ends the connection. */
  hostKeys: pulumi.Output<string[]>;
}

/** One command that runs on a server. */
export interface RemoteCommandArgs {
  /** Where it runs. */
  connection: ServerConnection;
  /** Shell text run when the resource is created, and on updates when `update` is left out. Never put a value in it: it is shown in errors. */
  create: pulumi.Input<string>;
  /** Shell text run when an input changes. Default: `create` again. */
  update?: pulumi.Input<string>;
  /** Shell text run when the resource is deleted. Default: nothing. */
  delete?: pulumi.Input<string>;
  /** The same for what is worth doing only where the server can be reached; give one of the two. Default: nothing. */
  deleteIfReached?: string;
  /** Text for the command's standard input; a change runs `update`. Default: empty. */
  stdin?: pulumi.Input<string>;
  /** The same for a value that must stay encrypted in state and out of every log; give one of the two. Default: none. */
  secretStdin?: pulumi.Input<string>;
  /** Values whose change replaces the command. Default: none. */
  triggers?: pulumi.Input<unknown>[];
  /** How many times, a second apart, a connection is tried. Default: 20, which covers a reboot. */
  attempts?: number;
  /** Whether the server may still be booting, and hang up on those whom it will let in later. Default: no. */
  firstContact?: boolean;
  /** Whether what the command writes to stderr is shown while it runs. Default: no. */
  showProgress?: boolean;
}

/** Seconds until an unanswered connection attempt counts as failed. */
const connectTimeout = 8;

/**
 * Options for the system's `ssh` that accept exactly the given host keys, without a known_hosts file.
 *
 * KnownHostsCommand needs OpenSSH 8.5 or newer. `printf` repeats its format for each argument after the first
 * expansion, so the keys stand in the format itself.
 */
export function sshOptions(hostKeys: string[]): string[] {
  const knownHosts = hostKeys.map((key) => `%H ${typeAndKey(key)}\\n`).join("");
  const options = [
    "BatchMode=yes",
    `ConnectTimeout=${connectTimeout}`,
    "ServerAliveInterval=15",
    "ServerAliveCountMax=4",
    "UserKnownHostsFile=/dev/null",
    "GlobalKnownHostsFile=/dev/null",
    "StrictHostKeyChecking=yes",
    "UpdateHostKeys=no",
    "CheckHostIP=no",
    "HostKeyAlgorithms=ssh-ed25519",
    `KnownHostsCommand=/usr/bin/printf "${knownHosts}"`,
    "ControlPath=none",
    "ForwardAgent=no",
    "LogLevel=ERROR",
  ];
  return options.flatMap((option) => ["-o", option]);
}

/** Arguments of a docker provider for a server. */
export function dockerSettings(connection: ServerConnection): Pick<ProviderArgs, "host" | "sshOpts"> {
  return { host: dockerHost(connection), sshOpts: connection.hostKeys.apply(sshOptions) };
}

/** The value for a docker provider's `host`. */
export function dockerHost(connection: ServerConnection): pulumi.Output<string> {
  return pulumi.interpolate`ssh://${connection.user}@${connection.host}:${connection.port}`;
}

/**
 * Runs a command on a server.
 *
 * The resource fails with the command's exit code and everything it wrote; ssh itself fails with 255.
 */
export function remoteCommand(name: string, args: RemoteCommandArgs, opts?: pulumi.CustomResourceOptions): Command {
  const secret = args.secretStdin !== undefined;
  const { deleteIfReached: farewell } = args;
  return new Command(
    name,
    {
      interpreter: sshCommand(
        args.connection,
        args.attempts ?? 20,
        farewell ? ifReached : args.firstContact ? onceLetIn : "",
      ),
      create: args.create,
      update: args.update,
      delete: farewell ? `${farewellMark} ${farewell}` : args.delete,
      stdin: args.secretStdin === undefined ? args.stdin : pulumi.secret(args.secretStdin),
      triggers: args.triggers as pulumi.Input<string>[] | undefined,
      logging: !secret && args.showProgress ? "stderr" : "none",
      addPreviousOutputInEnv: false,
    },
    opts,
  );
}

/** The argument list of `ssh` up to the command, which the remote shell will parse; `wrapper` is shell text around it. */
function sshCommand(connection: ServerConnection, attempts: number, wrapper: string): pulumi.Output<string[]> {
  return pulumi
    .all([connection.host, connection.hostKeys])
    .apply(([host, hostKeys]) => [
      ...(wrapper === "" ? [] : ["sh", "-c", wrapper]),
      "ssh",
      "-T",
      ...sshOptions(hostKeys),
      "-o",
      `ConnectionAttempts=${attempts}`,
      "-p",
      `${connection.port}`,
      `${connection.user}@${host}`,
    ]);
}

/**
 * Shell text that runs `ssh` with its arguments once a connection has been let in; its own name is the word after it.
 *
 * ConnectionAttempts covers a port that refuses. A server that is still booting also answers and hangs up: before its
 * users may log in, or because sshd starts anew. A probe finds that out, since it has no standard input to lose.
 */
const onceLetIn = `count=$#
for word do
  shift
  count=$((count - 1))
  if [ $count -gt 0 ]; then set -- "$@" "$word"; else command=$word; fi
done
tries=0
until ssh "$@" true </dev/null >/dev/null 2>&1 || [ $? -ne 255 ] || [ $tries -ge 10 ]; do
  tries=$((tries + 1))
  sleep 3
done
exec ssh "$@" "$command"`;

/** How a command begins that is run only where the server can be reached; to the server's shell it means nothing. */
const farewellMark = ": if reached;";

/** Shell text that runs `ssh` with its arguments, and for a farewell takes an unreachable server (255) for said and done. */
const ifReached = `for word do command=$word; done
case "$command" in "${farewellMark}"*) ;; *) exec ssh "$@" ;; esac
ssh -o ConnectionAttempts=2 "$@"
code=$?
[ $code -eq 255 ] || exit $code`;

/** A key's comment would become part of the printed line. */
function typeAndKey(key: string): string {
  return key.trim().split(/\s+/).slice(0, 2).join(" ");
}
