import table from "../facts/cloudflare.json";
import type { Facts } from "../framework/facts";

export const facts = table as unknown as Facts;
