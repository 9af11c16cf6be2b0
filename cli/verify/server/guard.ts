import { type Control, faultsFinding, ofSection } from "../control";
import type { SurveyedServer } from "./subject";

/** Ranges of which at least these must be closed to containers: cloud metadata and private networks. */
const closed = ["10.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"];

export const guard: Control<SurveyedServer> = {
  id: "guard",
  title: "the packet filter keeps containers from metadata, private networks and the server",
  allowed: "table inet agent_guard with its chains forward and input, ahead of Docker's own",
  judge: ({ survey }) =>
    ofSection(survey.guard, (text) => {
      const forward = chain(text, "forward");
      const input = chain(text, "input");
      const set = /set denied4 \{([^}]*\{[^}]*\})/.exec(text)?.[1] ?? "";
      const faults = [
        ...(/hook forward priority (filter )?- ?10/.test(forward) ? [] : ["chain forward is not hooked in"]),
        ...(/@denied4 .*(reject|drop)/.test(forward) ? [] : ["denied ranges are not refused"]),
        ...(/@denied6 .*(reject|drop)/.test(forward) ? [] : ["denied IPv6 ranges are not refused"]),
        ...(forward.split("\n").some(dropsRoutedIn) ? [] : ["packets may be routed in to containers"]),
        ...(/hook input priority (filter )?- ?10/.test(input) ? [] : ["chain input is not hooked in"]),
        ...(/iifname .*drop/.test(input) ? [] : ["containers reach the server"]),
        ...closed.filter((range) => !set.includes(range)).map((range) => `${range} is open to containers`),
      ];
      return faultsFinding(faults, "in place");
    }),
};

/** The text of one chain. */
function chain(text: string, name: string): string {
  const start = text.indexOf(`chain ${name} {`);
  return start < 0 ? "" : text.slice(start, text.indexOf("\n\t}", start));
}

/** Whether a line drops what comes from no container, wherever it goes. */
function dropsRoutedIn(line: string): boolean {
  return /^\s*iifname != .*\bdrop$/.test(line) && !line.includes("oifname");
}
