// Borders of communes: fetched with a commune that is taken along or opened on the map, and stored on the phone, in plain: borders are public.
import { phoneTime } from '../clock/clock.svelte';
import { readBorder, type Border } from '../geometry/border';
import { PUBLIC_STORE, type Database } from '../storage/database';
import { ResponseLost, call } from './register';

const DAY_MILLISECONDS = 86_400_000;
const nameOf = (commune: string): string => `border ${commune}`;

interface StoredBorder {
  border: Border | null;
  at: number;
}

async function stored(database: Database, commune: string): Promise<StoredBorder | undefined> {
  return (await database.get(PUBLIC_STORE, nameOf(commune)))?.value as StoredBorder | undefined;
}

/** The stored border; null where it has none. */
export async function storedBorder(database: Database, commune: string): Promise<Border | null> {
  return (await stored(database, commune))?.border ?? null;
}

/** Fetches the border again; null where the register has none. Raises ResponseLost, and what is stored stays. */
export async function fetchBorder(database: Database, commune: string): Promise<Border | null> {
  const { status, body } = await call(`/v1/units/${encodeURIComponent(commune)}/border`);
  if (status !== 200 && status !== 404) throw new ResponseLost(String(status));
  const border = status === 200 ? readBorder(body) : null;
  await database.put(PUBLIC_STORE, { name: nameOf(commune), value: { border, at: phoneTime() } satisfies StoredBorder });
  return border;
}

/** Whether what is stored is of today; a border changes once in years. */
export async function borderIsFresh(database: Database, commune: string): Promise<boolean> {
  const age = phoneTime() - ((await stored(database, commune))?.at ?? 0);
  return age >= 0 && age < DAY_MILLISECONDS;
}
