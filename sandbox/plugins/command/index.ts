import facts from "../facts/command.json";
import type { Facts } from "../framework/facts";
import type { ProviderDefinition } from "../framework/provider";
import { copyToRemote } from "./copy";
import { localCommand } from "./local";
import { remoteCommand } from "./remote";

/** Pulumi's command provider, for machines where the official plugin cannot be had. */
export const provider: ProviderDefinition<unknown> = {
  name: "command",
  facts: facts as Facts,
  origin: "native",
  resources: {
    "command:local:Command": localCommand,
    "command:remote:Command": remoteCommand,
    "command:remote:CopyToRemote": copyToRemote,
  },
  configure: async () => ({}),
};
