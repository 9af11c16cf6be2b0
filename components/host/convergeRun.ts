import type { Command } from "@pulumi/command/local/command";
import type * as pulumi from "@pulumi/pulumi";
import { remoteCommand, type ServerConnection } from "../connection";

/** First boot, packages and a slow mirror; the scripts on the server give up before this. */
export const convergeTimeout = "20m";

/**
 * Has the converge program run on a server now, and again whenever it changes.
 *
 * @param program text of the program, as convergeProgram gives it
 * @param triggers values whose change runs it as if for the first time
 */
export function runConverge(
  name: string,
  connection: ServerConnection,
  program: string,
  triggers: pulumi.Input<unknown>[] | undefined,
  opts: pulumi.CustomResourceOptions,
): Command {
  return remoteCommand(
    `${name}-converge`,
    { connection, create: convergeCommand, stdin: program, triggers, showProgress: true },
    opts,
  );
}

/**
 * Keeps the program that came by standard input in memory for as long as it runs; it puts itself in its place.
 *
 * A changed range is in the provider's firewall by now and not yet in the server's own, so whoever deploys may be shut out
 * here; an error shows the command as it stands, and with it what to do (docs/operations.md).
 */
const convergeCommand =
  'sudo sh -c \'umask 077; f=$(mktemp /run/creel-converge.XXXXXX) && cat > "$f" && python3 -I "$f"; s=$?; rm -f "$f"; exit $s\'' +
  " # No connection after a change of address ranges? Deploy with the new ranges beside the old ones, from an old one.";
