// What an accepted boundary or position answers: the geometry, and the items beside it that say how it was taken. Pure.
import type { Definition, GeometryItem } from '../definition/definition';
import { valueAt } from '../definition/pointer';
import { itemAt } from '../definition/screens';
import { sameJson, type Json, type JsonObject } from '../record/household';
import type { Shape } from '../geometry/shape';
import type { LonLat } from '../geometry/vn2000';
import { forRegister } from './parcel-shape';
import type { Capture, Method } from './taking';

/** The register's codes for the ways of taking a boundary. */
const CODES: Record<Exclude<Method, null>, string> = { walked: 'walked', tapped: 'drawn', sheet: 'sheet' };

/** Values by pointer; undefined removes what was there. */
export type Answers = readonly (readonly [pointer: string, value: Json | undefined])[];

/** The item of the household that a geometry belongs to, and where that stands. */
export interface Target {
  item: GeometryItem;
  pointer: string;
}

/** A boundary with how it was taken, and nothing of the one before. One that was only looked at stays as it was recorded. */
export function boundaryAnswers(definition: Definition, { item, pointer }: Target, shape: Shape, capture: Capture): Answers {
  if (capture.method === null) return [];
  const { geometry, crs } = forRegister(shape, capture);
  const { system, method, accuracy } = item.describedBy;
  const beside = besideOf(pointer);
  const code = CODES[capture.method];
  const asked = method === null ? null : itemAt(definition, beside(method));
  const isKnown = asked?.kind === 'choice' && (definition.lists[asked.list] ?? []).some((each) => each.code === code);
  const described = [[system, crs], [method, isKnown ? code : undefined], [accuracy, decimetres(capture.accuracy)]] as const;
  return [[pointer, geometry], ...described.flatMap(([name, value]) => (name === null ? [] : [[beside(name), value] as const]))];
}

/** A position with its accuracy. One that was only looked at stays as it was recorded. */
export function positionAnswers(record: JsonObject, { item, pointer }: Target, point: LonLat, accuracy: number | null): Answers {
  const coordinates = point.map((each) => Math.round(each * 1e7) / 1e7);
  if (sameJson(valueAt(record, `${pointer}/coordinates`), coordinates)) return [];
  const name = item.describedBy.accuracy;
  return [[pointer, { type: 'Point', coordinates }], ...(name === null ? [] : [[besideOf(pointer)(name), decimetres(accuracy)] as const])];
}

/** The pointer of an item beside the one at `pointer`. */
function besideOf(pointer: string): (name: string) => string {
  const owner = pointer.slice(0, pointer.lastIndexOf('/'));
  return (name) => `${owner}/${name}`;
}

function decimetres(metres: number | null): number | undefined {
  return metres === null ? undefined : Math.round(metres * 10) / 10;
}
