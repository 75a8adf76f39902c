// JSON pointers (RFC 6901): reading and changing a place in a record without touching the record that was read.
import { isObject, type Json, type JsonObject } from '../record/household';

export function parts(pointer: string): string[] {
  return pointer === '' ? [] : pointer.slice(1).split('/').map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

export function join(pointer: string, name: string | number): string {
  return `${pointer}/${String(name).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

export function valueAt(record: Json | undefined, pointer: string): Json | undefined {
  let value: Json | undefined = record;
  for (const part of parts(pointer)) {
    if (Array.isArray(value)) value = value[Number(part)];
    else if (isObject(value)) value = value[part];
    else return undefined;
  }
  return value;
}

/** A copy of `record` with `value` at `pointer`; undefined removes the item. Missing objects on the way are created, and lists for indexes. */
export function withValue(record: JsonObject, pointer: string, value: Json | undefined): JsonObject {
  return put(record, parts(pointer), value) as JsonObject;
}

function put(target: Json | undefined, [part, ...rest]: string[], value: Json | undefined): Json | undefined {
  if (part === undefined) return value;
  if (Array.isArray(target) || (target === undefined && /^(\d+|-)$/.test(part))) {
    const list: Json[] = Array.isArray(target) ? target : [];
    const index = part === '-' ? list.length : Number(part);
    const inner = put(list[index], rest, value);
    return inner === undefined ? list.filter((_, at) => at !== index) : Object.assign([...list], { [index]: inner });
  }
  const owner: JsonObject = isObject(target) ? target : {};
  const inner = put(owner[part], rest, value);
  if (inner !== undefined) return { ...owner, [part]: inner };
  const { [part]: _gone, ...others } = owner;
  return others;
}
