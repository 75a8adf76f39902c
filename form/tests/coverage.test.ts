// Coverage as the supervisor's page loads it: what is lost of it takes nothing else away.
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Coverage } from '../src/dashboard/coverage.svelte';

type Reply = [status: number, body: unknown] | 'lost';
const SQUARE = { type: 'Polygon', coordinates: [[[104, 18], [105, 18], [105, 19], [104, 18]]] };
const GEOJSON = { type: 'FeatureCollection', features: [{ type: 'Feature', geometry: SQUARE, properties: { unit: '16681' } }] };
let replies: Record<string, Reply>;
/** While a request waits here, others go before it. */
let held: Record<string, Promise<void>>;

beforeEach(() => {
  held = {};
  replies = {
    '/form-settings.json': [200, {}],
    '/v1/coverage?level=commune': [200, { rows: [{ unit: '16681' }], total: { registered: 9 }, as_of: '2026-11-28' }],
    '/v1/coverage?level=district&geography=2025-06-30': [200, { rows: [{ unit: '412' }], total: {} }],
    '/v1/coverage?level=province': [200, { rows: [{ unit: '40' }] }],
    '/v1/coverage.geojson?level=commune': [200, GEOJSON],
    '/v1/coverage.geojson?level=district&geography=2025-06-30': [200, { features: [] }],
    '/v1/coverage/trend?unit=40&from=2026-10-30&to=2026-11-28': [200, { days: [{ date: '2026-11-27', registered: 1 }, { date: '2026-11-28', registered: 2 }] }],
  };
  vi.stubGlobal('fetch', async (path: string) => {
    await held[path];
    const reply = replies[path] ?? [404, {}];
    if (reply === 'lost') throw new TypeError('no signal');
    return Response.json(reply[1], { status: reply[0] });
  });
});

async function loaded(): Promise<Coverage> {
  const coverage = new Coverage();
  await coverage.load();
  return coverage;
}

describe('coverage', () => {
  it('is a table, a map and a trend', async () => {
    expect(await loaded()).toMatchObject({
      table: 'ready', rows: [{ unit: '16681' }], map: { shapes: [{ unit: '16681' }] }, mapLost: false, chosen: '16681',
      trend: [{ registered: 1 }, { registered: 2 }], trendLost: false, provinces: ['40'],
    });
  });

  it.each<Reply>(['lost', [503, {}]])('is a table still where map and trend are not there (%s), and both can be loaded again', async (reply) => {
    const before = { ...replies };
    for (const path of Object.keys(replies)) if (/geojson|trend/.test(path)) replies[path] = reply;
    const coverage = await loaded();
    expect(coverage).toMatchObject({ table: 'ready', rows: [{ unit: '16681' }], mapLost: true, map: null, trendLost: true, trend: [] });
    replies = before;
    await Promise.all([coverage.loadMap(), coverage.loadTrend()]);
    expect(coverage).toMatchObject({ mapLost: false, trendLost: false });
    expect(coverage.trend).toHaveLength(2);
  });

  it('of nothing is no loss: a reader of one commune has no province', async () => {
    replies['/v1/coverage?level=province'] = [403, {}];
    expect(await loaded()).toMatchObject({ table: 'ready', trend: [], trendLost: false, provinces: [] });
  });

  it('is of the level that was tapped last, whichever response comes first', async () => {
    let release: () => void = () => undefined;
    held['/v1/coverage?level=commune'] = new Promise((resolve) => (release = resolve));
    const coverage = new Coverage();
    const first = coverage.load();
    await coverage.show('district');
    release();
    await first;
    expect(coverage).toMatchObject({ level: 'district', table: 'ready', rows: [{ unit: '412' }] });
  });

  it('asks for a sign-in, and is lost where there is none', async () => {
    replies['/v1/coverage?level=commune'] = [401, {}];
    expect((await loaded()).table).toBe('sign-in');
    replies['/v1/coverage?level=commune'] = 'lost';
    expect((await loaded()).table).toBe('lost');
  });
});
