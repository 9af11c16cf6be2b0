import { type Control, faultsFinding, ofSection } from "../control";
import type { SurveyedServer } from "./subject";

export const firewall: Control<SurveyedServer> = {
  id: "firewall",
  title: "UFW refuses everything but SSH",
  allowed: "active; incoming and routed refused by default; nothing but 22/tcp let in",
  judge: ({ survey }) =>
    ofSection(survey.firewall, (text) => {
      if (!/^Status: active$/m.test(text)) return { verdict: "broken", seen: "UFW is not active" };
      const defaults = /^Default: (.*)$/m.exec(text)?.[1] ?? "";
      const faults = [
        ...(/(deny|reject) \(incoming\)/.test(defaults) ? [] : ["incoming is not refused by default"]),
        ...(/(deny|reject|disabled) \(routed\)/.test(defaults) ? [] : ["routed is not refused by default"]),
        ...letIn(text)
          .filter(({ to }) => to !== "22/tcp")
          .map(({ to, from }) => `${to} is open to ${from}`),
      ];
      const sources = letIn(text).map(({ from }) => from);
      return faultsFinding(faults, `22/tcp from ${sources.join(", ") || "nowhere"}`);
    }),
};

/** The rules of `ufw status verbose` that let something in or through. */
function letIn(text: string): { to: string; from: string }[] {
  const rules = text.slice(Math.max(0, text.search(/^--/m))).split("\n");
  return rules.flatMap((line) => {
    const rule = /^(.+?)\s+(?:ALLOW|LIMIT)(?: (?:IN|FWD))?\s+(.+?)(?:\s+#.*)?$/.exec(line);
    return rule ? [{ to: rule[1]!.replace(/ \(v6\)$/, ""), from: rule[2]!.trim() }] : [];
  });
}
