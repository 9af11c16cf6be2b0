import type { JsonSchema } from "./stackSchema";
import { stackSchema } from "./stackSchema";

const introduction = `# Reference of the stack file

What \`Pulumi.STACK.yaml\` takes under \`config\`. How to write one, with examples: [fleet.md](fleet.md). Editors complete
and check all of it where the file begins with a line that leads to the JSON Schema, which is part of the package:

\`\`\`yaml
# yaml-language-server: $schema=./node_modules/creel/dist/schema/stack.schema.json
\`\`\`

Words in capitals stand for names of your own. This page is made from the schema: \`npm run reference\` makes it anew.
`;

/** Documents of the stack file, with what a person calls what is in them. */
const documents = ["creel:fleet", "creel:secrets", "creel:zone"];

/** What the entries of a section are called by in headings. */
const placeholders: Record<string, string> = {
  zones: "ZONE",
  identityProviders: "PROVIDER",
  tenants: "TENANT",
  servers: "SERVER",
  networks: "NETWORK",
  agents: "AGENT",
  serviceTokens: "PROGRAM",
};

/** The page docs/reference.md, made from the same source as every check. */
export function referencePage(): string {
  const { properties = {} } = stackSchema().properties!.config!;
  const parts = documents.flatMap((key) => [
    `## ${key}\n`,
    ...section(properties[key]!, "", conditional(properties[key]!)),
  ]);
  return `${[introduction, ...parts].join("\n").trimEnd()}\n`;
}

/** What entries need that have no default for it, as "servers.SERVER.size". */
function conditional({ allOf = [] }: JsonSchema & { allOf?: { else: JsonSchema }[] }): string[] {
  return allOf.flatMap(({ else: { properties = {} } }) =>
    Object.entries(properties).flatMap(([name, { additionalProperties }]) =>
      (additionalProperties as JsonSchema).required!.map((setting) => `${name}.${placeholders[name]}.${setting}`),
    ),
  );
}

/** A group of settings, and after it the groups in it, each under its path. */
function section(schema: JsonSchema, at: string, unlessDefault: string[]): string[] {
  const { description, properties = {}, required = [] } = schema;
  const under = (name: string) => (at === "" ? name : `${at}.${name}`);
  const lines = Object.entries(properties).map(([name, setting]) => {
    const needed = required.includes(name)
      ? "; needed"
      : unlessDefault.includes(under(name))
        ? "; needed, here or in defaults"
        : "";
    return `- \`${name}\` (${typeOf(setting)}${needed}): ${setting.description}`;
  });
  const inner = Object.entries(properties).flatMap(([name, setting]) => {
    const [group, ending] = groupIn(name, setting);
    // What defaults and a zone's stack hold is told where it is used first.
    if (group === undefined || at === "defaults" || unlessDefault.length === 0) return [];
    return section({ ...group, description: undefined }, `${under(name)}${ending}`, unlessDefault);
  });
  return [
    ...(at === "" ? [] : [`### ${at}\n`]),
    ...(description === undefined ? [] : [`${description}\n`]),
    ...(lines.length === 0 ? [] : [`${lines.join("\n")}\n`]),
    ...inner,
  ];
}

/** The group of settings that a setting is, or consists of, and what its path ends with. */
function groupIn(name: string, setting: JsonSchema): [JsonSchema | undefined, string] {
  if (setting.properties !== undefined) return [setting, ""];
  const forms = (setting.items?.anyOf as JsonSchema[] | undefined) ?? [setting.items ?? {}];
  const ofList = forms.find(({ properties }) => properties !== undefined);
  if (ofList !== undefined) return [ofList, "[]"];
  const entry = setting.additionalProperties;
  const isGroup = typeof entry === "object" && entry.properties !== undefined;
  return [isGroup ? entry : undefined, `.${placeholders[name]}`];
}

/** What kind of value a setting takes, in words. */
function typeOf(schema: JsonSchema): string {
  const { title, type, properties, additionalProperties, items, minimum, maximum } = schema;
  const [values, forms] = [schema.enum as string[] | undefined, schema.anyOf as JsonSchema[] | undefined];
  if (title !== undefined) return title.replace(/(, such as|:) .*/, "");
  if (values !== undefined) return `one of ${values.join(", ")}`;
  if (forms !== undefined) return [...new Set(forms.map(typeOf))].join(", or ");
  if (type === "array") return items === undefined ? "a list" : `a list, each ${typeOf(items)}`;
  if (type === "boolean") return "true or false";
  if (type === "integer" || type === "number") {
    const number = type === "integer" ? "a whole number" : "a number";
    if (schema.const !== undefined) return `${schema.const}`;
    return minimum === undefined ? number : `${number} from ${minimum} to ${maximum}`;
  }
  if (properties !== undefined) return "settings, below";
  if (additionalProperties !== undefined) return "entries by name";
  return type === undefined ? "anything" : "a text";
}
