// The register's own check of a boundary, before it is submitted: its findings, and neighbours that are not on the phone.
import { isObject, listAt, textAt, type JsonObject } from '../record/household';
import { ResponseLost, call } from '../sync/register';
import { readProblem } from '../sync/response';
import type { Neighbour } from './neighbours';
import { fromGeometry, type Shape } from '../geometry/shape';

export type RegisterCheck = { kind: 'unreachable' } | { kind: 'checked'; messages: string[]; proposal: Shape; neighbours: Neighbour[] };

/** Milliseconds that a person waits for the register's check. */
const PATIENCE = 8000;

/** Sends the boundary to the register's check. Unreachable where there is no signal or no proper response: it checks again on receipt. */
export async function askRegister(boundary: JsonObject, household: string, commune: string, declared: number | null): Promise<RegisterCheck> {
  const body: JsonObject = { ...boundary, household };
  if (commune) body['commune'] = commune;
  if (declared !== null) body['declared_area_m2'] = declared;
  try {
    const response = await call('/v1/parcels/check', { method: 'POST', body, limit: PATIENCE });
    const errors = readProblem(response)?.errors ?? [];
    // Refused: the same fault would refuse the household, too.
    if (errors.length > 0) return { kind: 'checked', messages: errors.map(({ message, code }) => message || code), proposal: [], neighbours: [] };
    if (response.status !== 200 || !isObject(response.body)) return { kind: 'unreachable' };
    const features = isObject(response.body['neighbours']) ? listAt(response.body['neighbours'], 'features') : [];
    return {
      kind: 'checked',
      messages: listAt(response.body, 'findings').map((finding) => textAt(finding, 'message') || textAt(finding, 'code')),
      proposal: fromGeometry(response.body['proposal']),
      neighbours: features.map(readNeighbour).filter((each) => each.shape.length > 0 && each.household !== household),
    };
  } catch (error) {
    if (error instanceof ResponseLost) return { kind: 'unreachable' };
    throw error;
  }
}

function readNeighbour(feature: JsonObject): Neighbour {
  const household = isObject(feature['properties']) ? textAt(feature['properties'], 'household') : '';
  return { household, name: '', shape: fromGeometry(feature['geometry']) };
}
