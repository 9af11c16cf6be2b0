import { secretLook, secretName } from "../components/plainText";
import { type Found, items, resourcePolicy, text } from "./policy";

/** Where the policies look for secrets. */
export interface PlainProps {
  /** Environment of a container, NAME=value. */
  envs?: Found<string[]>;
  /** Words of a container's command. */
  command?: Found<string[]>;
  entrypoints?: Found<string[]>;
  /** Command lines of @pulumi/command. */
  create?: Found<string>;
  update?: Found<string>;
  delete?: Found<string>;
  /** Docker's labels are a list, those of a cloud a map. */
  labels?: Found<{ label?: Found<string>; value?: Found<string> }[] | Record<string, Found<string>>>;
}

const containerType = "docker:index/container:Container";
const commandTypes = ["command:local:Command", "command:remote:Command"];
const labelled = [
  containerType,
  "docker:index/network:Network",
  "docker:index/volume:Volume",
  "hcloud:index/server:Server",
  "hcloud:index/firewall:Firewall",
  "hcloud:index/sshKey:SshKey",
];

export const secretPolicies = [
  resourcePolicy<PlainProps>({
    name: "secret-not-in-environment",
    description: "No variable of a container looks like a secret, by name or by value.",
    types: [containerType],
    faults: ({ envs }) => items(envs).flatMap((variable) => variableFaults(text(variable) ?? "")),
  }),
  resourcePolicy<PlainProps>({
    name: "secret-not-in-command",
    description: "No command line holds what looks like a secret.",
    types: [containerType, ...commandTypes],
    faults: (props) =>
      [...items(props.command), ...items(props.entrypoints), props.create, props.update, props.delete]
        .flatMap((word) => secretLook(text(word) ?? "") ?? [])
        .map((look) => `a command line holds what looks like ${look}`),
  }),
  resourcePolicy<PlainProps>({
    name: "secret-not-in-labels",
    description: "No label looks like a secret, by name or by value.",
    types: labelled,
    faults: ({ labels }) => labelList(labels).flatMap(([name, value]) => namedFaults("label", name, value)),
  }),
];

function variableFaults(variable: string): string[] {
  const at = variable.indexOf("=");
  return at < 0 ? [] : namedFaults("variable", variable.slice(0, at), variable.slice(at + 1));
}

/** What looks like a secret, without the value. A name that itself looks like one is not repeated either. */
function namedFaults(kind: string, name: string, value: string): string[] {
  const nameLook = secretLook(name);
  if (nameLook !== undefined) return [`the name of a ${kind} looks like ${nameLook}`];
  const look = secretLook(value);
  if (look !== undefined) return [`the ${kind} ${name} holds what looks like ${look}`];
  return secretName.test(name) && value !== "" ? [`the ${kind} ${name} is named like a secret`] : [];
}

function labelList(labels: PlainProps["labels"]): [string, string][] {
  if (typeof labels !== "object") return [];
  const pairs = Array.isArray(labels) ? labels.map(({ label, value }) => [label, value]) : Object.entries(labels);
  return pairs.map(([name, value]) => [text(name) ?? "", text(value) ?? ""]);
}
