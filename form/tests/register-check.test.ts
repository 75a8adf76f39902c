// What the register's check of a boundary means for the person who stands at the parcel.
import { expect, it, vi } from 'vitest';
import { askRegister } from '../src/map/register-check';

const asked = (status: number, body: unknown): ReturnType<typeof askRegister> => {
  vi.stubGlobal('fetch', () => Promise.resolve(Response.json(body, { status })));
  return askRegister({}, 'h', '16681', null);
};

it('is what it found, or why it refuses the boundary', async () => {
  expect(await asked(200, { findings: [{ code: 'x', message: 'Chồng lên thửa bên.' }] })).toMatchObject({ kind: 'checked', messages: ['Chồng lên thửa bên.'] });
  const errors = [{ pointer: '/geometry', code: 'geometry.crs', message: 'Hệ tọa độ không rõ.' }];
  expect(await asked(422, { code: 'record.invalid', errors })).toMatchObject({ kind: 'checked', messages: ['Hệ tọa độ không rõ.'], proposal: [] });
});

it.each([[503, { code: 'store.unavailable' }], [200, '<html>'], [403, { code: 'access.request-forged' }]])('is none at %i: the register checks on receipt', async (status, body) => {
  expect(await asked(status, body)).toEqual({ kind: 'unreachable' });
});
