// Reading lists of households from the register, page by page.
import { isObject, type Household } from '../storage/household';
import { AnswerLost, call } from './register';

export interface Page {
  households: Household[];
  cursor: string | null;
}

/** One page of GET /v1/households with the given filters. Raises AnswerLost where the register does not answer with one. */
export async function fetchPage(filters: Record<string, string>, cursor: string | null, limit: number): Promise<Page> {
  const query = new URLSearchParams({ ...filters, limit: String(limit), ...(cursor === null ? {} : { cursor }) });
  const { status, body } = await call(`/v1/households?${query}`);
  if (status !== 200 || !isObject(body) || !Array.isArray(body['households'])) throw new AnswerLost(String(status));
  return { households: body['households'].filter(isObject), cursor: typeof body['cursor'] === 'string' ? body['cursor'] : null };
}

/** All households of a commune; `onProgress` is told how many and how many bytes came so far. Raises AnswerLost. */
export async function fetchCommune(commune: string, onProgress: (households: number, bytes: number) => void): Promise<Household[]> {
  const all: Household[] = [];
  let cursor: string | null = null;
  let bytes = 0;
  do {
    const page: Page = await fetchPage({ commune }, cursor, 500);
    all.push(...page.households);
    bytes += JSON.stringify(page.households).length;
    onProgress(all.length, bytes);
    cursor = page.cursor;
  } while (cursor !== null);
  return all;
}
