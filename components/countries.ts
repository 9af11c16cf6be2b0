import type { Fault } from "./faults";

/** Countries by their two letters: ISO 3166-1, and XK, which everybody uses for Kosovo. */
const countries = new Set(
  `AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ
   CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO
   FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE
   JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO
   MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW
   PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM
   TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW`.split(/\s+/),
);

/** What countries are called elsewhere: on the road, in the European Union. */
const otherNames: Record<string, string> = { UK: "GB", EL: "GR" };

/** What is wrong with a list of countries of which people must be in one. */
export function countryFaults(path: string, list: string[]): Fault[] {
  if (!Array.isArray(list))
    return [{ path, reason: "is not a list", remedy: "write a list of countries, such as [DE, CH]" }];
  if (list.length === 0) {
    return [{ path, reason: "is empty: nobody could be in any of them", remedy: "write one, or leave it out for any" }];
  }
  return list.flatMap((country, i): Fault[] => {
    const at = `${path}[${i}]`;
    if (!countries.has(country))
      return [{ path: at, value: country, reason: "is not a country", remedy: meant(country) }];
    if (list.indexOf(country) === i) return [];
    return [{ path: at, value: country, reason: "is there already", remedy: "write each country once" }];
  });
}

function meant(country: unknown): string {
  const letters = String(country).toUpperCase();
  const right = countries.has(letters) ? letters : otherNames[letters];
  return right === undefined ? "write the two letters that ISO 3166-1 gives it, such as DE" : `did you mean ${right}?`;
}
