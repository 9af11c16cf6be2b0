import type { ProviderDefinition } from "./framework/provider";
import { serveProvider } from "./framework/provider";

/** `main.js NAME [ENGINE]`: the plugin of one provider. Only that provider's code is loaded: every instance is a process. */
async function main(name: string | undefined): Promise<void> {
  if (!name || !/^[a-z]+$/.test(name)) throw new Error("usage: main.js PROVIDER [ENGINE_ADDRESS]");
  const { provider } = (await import(`./${name}/index.js`)) as { provider: ProviderDefinition<unknown> };
  await serveProvider(provider);
}

main(process.argv[2]).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
