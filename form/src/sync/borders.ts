// Borders of communes: fetched with a commune that is taken along or opened on the map, and stored on the phone, in plain: borders are public.
import { readBorder, type Border } from '../map/border';
import type { Database } from '../storage/database';
import { call } from './register';

const DAY_MILLISECONDS = 86_400_000;
const nameOf = (commune: string): string => `border ${commune}`;

interface KeptBorder {
  border: Border | null;
  at: number;
}

async function kept(database: Database, commune: string): Promise<KeptBorder | undefined> {
  return (await database.get('kept', nameOf(commune)))?.value as KeptBorder | undefined;
}

/** The stored border; null where it has none. */
export async function keptBorder(database: Database, commune: string): Promise<Border | null> {
  return (await kept(database, commune))?.border ?? null;
}

/** Fetches the border anew; null where the register has none. Raises ResponseLost, and what is stored stays. */
export async function fetchBorder(database: Database, commune: string): Promise<Border | null> {
  const { status, body } = await call(`/v1/units/${encodeURIComponent(commune)}/boundary`);
  if (status !== 200 && status !== 404) return keptBorder(database, commune);
  const border = status === 200 ? readBorder(body) : null;
  await database.put('kept', { name: nameOf(commune), value: { border, at: Date.now() } satisfies KeptBorder });
  return border;
}

/** Whether what is stored is of today; a border changes once in years. */
export async function borderIsFresh(database: Database, commune: string): Promise<boolean> {
  const age = Date.now() - ((await kept(database, commune))?.at ?? 0);
  return age >= 0 && age < DAY_MILLISECONDS;
}
