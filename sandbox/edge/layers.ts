import type { EdgeRequest, EdgeResponse, HeaderList, Layer, Ruling, Step } from "./request";

/** The layers that a request goes through between the front of the edge and its origin. */
export interface Layers {
  waf: { rule(request: EdgeRequest): Promise<Ruling> };
  access: {
    rule(request: EdgeRequest): Promise<Ruling>;
    /** The login pages of a team, on their own hostname. */
    team(request: EdgeRequest, team: string): Promise<EdgeResponse>;
  };
}

/** What the layers make of a request together. */
export type Passage =
  | { answered: EdgeResponse; by: Layer }
  | {
      /** For the origin, in place of the client's fields of the same name. */
      added: HeaderList;
      /** Names of the client's fields that do not go on. */
      dropped: string[];
      /** For the client, beside the origin's fields. */
      answerHeaders: HeaderList;
    };

/**
 * Asks the firewall and then Access, as Cloudflare does:
 * https://developers.cloudflare.com/waf/feature-interoperability/.
 *
 * @param steps what they said is added to
 */
export async function throughLayers(layers: Layers, request: EdgeRequest, steps: Step[]): Promise<Passage> {
  const passage = { added: [] as HeaderList, dropped: [] as string[], answerHeaders: [] as HeaderList };
  for (const by of ["waf", "access"] as const) {
    const ruling = await layers[by].rule(request);
    steps.push(...ruling.steps);
    if (!ruling.pass) return { answered: ruling.response, by };
    passage.added.push(...(ruling.headers ?? []));
    passage.dropped.push(...(ruling.dropped ?? []));
    passage.answerHeaders.push(...(ruling.answerHeaders ?? []));
  }
  return passage;
}
