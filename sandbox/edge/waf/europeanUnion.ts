/** Countries and territories that `ip.src.is_in_european_union` counts in, by its reference page. */
const countries = new Set(
  "AT AX BE BG CY CZ DE DK EE ES FI FR GF GP GR HR HU IE IT LT LU LV MF MQ MT NL PL PT RE RO SE SI SK YT".split(" "),
);

/** Whether a country lies in the European Union, given its two letters of ISO 3166-1. */
export function isInEuropeanUnion(country: string): boolean {
  return countries.has(country);
}
