import { Command, Option } from "commander";
import { colours, oneLine } from "../terminal";
import { credentialSymptoms, stackSettings } from "./credentials";
import { networkSymptoms } from "./network";
import { computerSymptoms, type Diagnosis, type Symptom } from "./symptoms";

/** `creel doctor`: what is wrong with this computer or its credentials, and what helps. */
export function doctorCommand(): Command {
  return new Command("doctor")
    .description(
      "say what is wrong with this computer or its credentials, and what helps; exit code 1 when anything is",
    )
    .option("--stack <name>", "stack whose credentials to look for; default: the one that is selected in this folder")
    .option("--json", "one JSON document")
    .addOption(new Option("--no-color", "no colours"))
    .action(async ({ stack, json }: { stack?: string; json?: boolean }) => {
      const settings = await stackSettings(stack);
      const symptoms = [
        ...computerSymptoms,
        ...credentialSymptoms(settings),
        ...networkSymptoms(settings?.clouds ?? ["hcloud"]),
      ];
      const found = await examine(symptoms);
      console.log(json ? JSON.stringify(found, null, 2) : found.map(diagnosisLine).join("\n"));
      if (found.some(({ ok }) => !ok)) process.exitCode = 1;
    });
}

type Examined = Diagnosis & Pick<Symptom, "id" | "title">;

/** Looks at everything at the same time. */
function examine(symptoms: Symptom[]): Promise<Examined[]> {
  return Promise.all(symptoms.map(async ({ id, title, look }) => ({ id, title, ...(await look()) })));
}

function diagnosisLine({ ok, title, seen, remedy }: Examined): string {
  const c = colours();
  return `${ok ? c.green("✔") : c.red("✘")} ${title}: ${oneLine(seen)}${remedy ? `\n    ${remedy}` : ""}`;
}
