// Reading lists of households from the register, page by page.
import { isObject, type Household } from '../record/household';
import { ResponseLost, call } from './register';
import { recordIn } from './response';

export interface Page {
  households: Household[];
  cursor: string | null;
  /** How many there are in all, where that was requested. */
  total: number | null;
}

/** How far a download has come; `total` is null until the register has reported it. */
export interface Progress {
  households: number;
  total: number | null;
  bytes: number;
}

const PAGE = 500;

/** One page of GET /v1/households with the given filters. Raises ResponseLost where the register does not respond with one. */
export async function fetchPage(filters: Record<string, string>, cursor: string | null, limit: number): Promise<Page> {
  const query = new URLSearchParams({ ...filters, limit: String(limit), ...(cursor === null ? {} : { cursor }) });
  const response = await call(`/v1/households?${query}`);
  const { status, body } = response;
  if (status !== 200 || !isObject(body) || !Array.isArray(body['items'])) throw new ResponseLost(String(status));
  const { cursor: next, total } = body;
  return { households: body['items'].filter(isObject).map((each) => recordIn(response, each)), cursor: typeof next === 'string' ? next : null, total: typeof total === 'number' ? total : null };
}

/** All households of a commune; `onProgress` is called with how many came so far, of how many, in how many bytes. Raises ResponseLost. */
export async function fetchCommune(commune: string, onProgress: (progress: Progress) => void): Promise<Household[]> {
  const all: Household[] = [];
  let cursor: string | null = null;
  let total: number | null = null;
  let bytes = 0;
  do {
    const page: Page = await fetchPage(cursor === null ? { commune, count: 'true' } : { commune }, cursor, PAGE);
    all.push(...page.households);
    bytes += JSON.stringify(page.households).length;
    total ??= page.total;
    onProgress({ households: all.length, total, bytes });
    cursor = page.cursor;
  } while (cursor !== null);
  return all;
}
