import { expect, it } from "vitest";
import { inventoryLines } from "../../cli/demoSummary";

it("names what a cloud holds, kind by kind, and leaves out what it has none of", () => {
  const held = {
    tunnels: { count: 2, names: ["atlas", "atlas--bot"] },
    volumes: { count: 0, names: [] },
    rulesets: { count: 1, names: ["creel"] },
  };
  expect(inventoryLines(held)).toEqual(["tunnels: atlas, atlas--bot", "rulesets: creel"]);
});
