import { code, codeBlock, fitted, foldedPart, htmlCode, markerLine } from "../github/markdown";
import type { Fate, Group } from "./groups";
import type { Effect, Message } from "./preview";
import { effectWords, headline, propertyText, sentence, titleOf } from "./sentences";
import type { Summary } from "./summary";
import { parseUrn, shortType } from "./urns";
import { propertyChanges } from "./values";

/** Resources, properties and lines after which a part says how many more there are. */
const most = { resources: 60, properties: 12, sentences: 100, message: 4_000, messages: 20, notes: 8_000 };

/**
 * The comment for a pull request: what becomes of every server and agent, replacements and removals first. It has at most
 * as many characters as GitHub takes; what was left out is said. Nothing in it is a secret, and no text from elsewhere in
 * it is anything but code.
 *
 * @param commit for which the preview was made. Default: none is named
 */
export function changesMarkdown(summary: Summary, commit?: string): string {
  const { stack, project, groups, counts, failed, messages } = summary;
  const name = code(stack);
  const title = failed ? `### ${name}: the preview failed` : `### ${name}: ${headline(groups)}`;
  const of = (severity: Message["severity"]) => messages.filter((message) => message.severity === severity);
  const head = [`${markerLine("changes", `${project}/${stack}`)}\n${title}`, countsLine(counts, commit)];
  return fitted(head, [
    ...messagesPart("Errors", of("error")),
    ...(failed && groups.length > 0 ? ["What was found until then:"] : []),
    ...sentencesPart("Replaced, removed or moved", groups, ["replaced", "removed", "moved", "renewed"]),
    ...sentencesPart("Changed", groups, ["changed"]),
    ...sentencesPart("Added", groups, ["added"]),
    ...messagesPart("Warnings", of("warning")),
    ...notesPart(of("info")),
    ...groups.map(detailsPart),
  ]);
}

function countsLine(counts: Summary["counts"], commit: string | undefined): string {
  const effects = (Object.keys(effectWords) as Effect[]).filter((effect) => counts[effect] > 0);
  const parts = [
    ...effects.map((effect) => `${counts[effect]} ${effectWords[effect]}`),
    `${counts.unchanged} unchanged`,
  ];
  return `Resources: ${parts.join(", ")}.${commit === undefined ? "" : ` Commit ${code(commit, 40)}.`}`;
}

function sentencesPart(title: string, groups: Group[], fates: Fate[]): string[] {
  const lines = groups.filter(({ fate }) => fates.includes(fate)).map((group) => `- ${sentence(group)}`);
  return lines.length === 0 ? [] : [`**${title}**\n\n${cut(lines, most.sentences)}`];
}

function messagesPart(title: string, messages: Message[]): string[] {
  if (messages.length === 0) return [];
  const shown = messages.slice(0, most.messages).map(({ text, urn }) => {
    const about = urn === undefined ? "" : `${shortType(parseUrn(urn).type)} ${parseUrn(urn).name}:\n`;
    return codeBlock(`${about}${text}`, most.message);
  });
  const left = messages.length - shown.length;
  return [`**${title}**`, ...shown, ...(left > 0 ? [`And ${left} more.`] : [])];
}

/** What the program tells of itself, such as which agents are on which server, says by itself what it is about. */
function notesPart(notes: Message[]): string[] {
  if (notes.length === 0) return [];
  return [`**Notes**\n\n${codeBlock(notes.map(({ text }) => text).join("\n"), most.notes)}`];
}

/** Every resource of a group, to be opened. */
function detailsPart(group: Group): string {
  const lines = group.steps.map((step) => {
    const { type, name } = parseUrn(step.urn);
    const changes = propertyChanges(step).map(propertyText);
    const because = step.because.includes("replaceWith") ? ["as its server is"] : [];
    const told = [...because, ...changes.slice(0, most.properties)].join(", ");
    const left = changes.length > most.properties ? ` and ${changes.length - most.properties} more` : "";
    return `- ${effectWords[step.effect]}: ${code(shortType(type))} ${code(name)}${told && `: ${told}`}${left}`;
  });
  const count = lines.length === 1 ? "1 resource" : `${lines.length} resources`;
  return foldedPart(`${titleOf(group, htmlCode)}: ${count}`, cut(lines, most.resources));
}

function cut(lines: string[], at: number): string {
  const left = lines.length - at;
  return left <= 0 ? lines.join("\n") : [...lines.slice(0, at), `- and ${left} more`].join("\n");
}
