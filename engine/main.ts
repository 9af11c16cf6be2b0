import pc from "picocolors";
import { prepareEngine } from "./engine";
import { table } from "./table";

/** `npm run engine`: gets the engine ready and says where each part came from. */
async function main(): Promise<void> {
  const engine = await prepareEngine({ report: (line) => console.error(pc.dim(line)) });
  console.log(table(engine.parts).join("\n"));
  console.log(`\nPULUMI_HOME ${engine.home}`);
}

main().catch((error: Error) => {
  console.error(pc.red(error.message));
  process.exitCode = 1;
});
