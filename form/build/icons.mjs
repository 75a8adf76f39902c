// Draws the icon of Sổ Nông Hộ from one list of shapes, as SVG and as PNG (own rasteriser: no image library needed).
// The picture: an open register whose pages are furrowed fields, under the sun.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync, crc32 } from 'node:zlib';

const SIZE = 64;
const curve = (from, control, to, steps = 24) =>
  Array.from({ length: steps + 1 }, (_, index) => {
    const t = index / steps;
    const mix = (axis) => (1 - t) ** 2 * from[axis] + 2 * t * (1 - t) * control[axis] + t ** 2 * to[axis];
    return [mix(0), mix(1)];
  });
const circle = (x, y, r, steps = 64) =>
  Array.from({ length: steps }, (_, index) => {
    const angle = (2 * Math.PI * index) / steps;
    return [x + r * Math.cos(angle), y + r * Math.sin(angle)];
  });
const mirror = (points) => points.map(([x, y]) => [SIZE - x, y]);
const page = [...curve([32, 34], [22, 27], [11, 31]), ...curve([11, 50], [22, 46], [32, 53])];
const furrow = (low) => [
  ...curve([30, 34.5 + low], [21, 28.5 + low], [13, 31.5 + low]),
  ...curve([13, 33 + low], [21, 30 + low], [30, 36 + low]),
];
const shapes = [
  { fill: '#1d5c3a', points: [[0, 0], [SIZE, 0], [SIZE, SIZE], [0, SIZE]] },
  { fill: '#f4b63f', points: circle(32, 20, 8.5) },
  { fill: '#f6f5f0', points: page },
  { fill: '#f6f5f0', points: mirror(page) },
  ...[4.6, 9.2, 13.8].flatMap((low) => [
    { fill: '#4f9a5b', points: furrow(low) },
    { fill: '#4f9a5b', points: mirror(furrow(low)) },
  ]),
  { fill: '#1d5c3a', points: [[31.4, 33.6], [32.6, 33.6], [32.6, 53], [31.4, 53]] },
];

const path = (points) => `M${points.map(([x, y]) => `${x.toFixed(2)} ${y.toFixed(2)}`).join('L')}Z`;
const svg =
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${SIZE} ${SIZE}"><clipPath id="c"><rect width="${SIZE}" height="${SIZE}" rx="14"/></clipPath><g clip-path="url(#c)">` +
  shapes.map(({ fill, points }) => `<path fill="${fill}" d="${path(points)}"/>`).join('') +
  '</g></svg>\n';

const inside = (points, x, y) => {
  let within = false;
  for (let i = 0, j = points.length - 1; i < points.length; j = i++) {
    const [xi, yi] = points[i];
    const [xj, yj] = points[j];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) within = !within;
  }
  return within;
};
const channels = (colour) => [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
const prepared = shapes.map(({ fill, points }) => {
  const [xs, ys] = [0, 1].map((axis) => points.map((point) => point[axis]));
  return { colour: channels(fill), points, west: Math.min(...xs), east: Math.max(...xs), north: Math.min(...ys), south: Math.max(...ys) };
});
const covers = ({ points, west, east, north, south }, x, y) => x >= west && x <= east && y >= north && y <= south && inside(points, x, y);
/** A PNG; a picture made smaller than its square has the ground's colour around it, for launchers that cut icons to their own shape. */
function draw(pixels, smaller = 1) {
  const samples = 3;
  const rows = Buffer.alloc(pixels * (pixels * 3 + 1));
  for (let row = 0; row < pixels; row++) {
    for (let column = 0; column < pixels; column++) {
      const total = [0, 0, 0];
      for (let s = 0; s < samples * samples; s++) {
        const place = (at) => ((at / pixels) * SIZE - SIZE / 2) / smaller + SIZE / 2;
        const x = place(column + ((s % samples) + 0.5) / samples);
        const y = place(row + (Math.floor(s / samples) + 0.5) / samples);
        const top = prepared.findLast((shape) => covers(shape, x, y)) ?? prepared[0];
        top.colour.forEach((value, channel) => (total[channel] += value));
      }
      total.forEach((value, channel) => (rows[row * (pixels * 3 + 1) + 1 + column * 3 + channel] = Math.round(value / samples ** 2)));
    }
  }
  const chunk = (type, data) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const framed = Buffer.alloc(body.length + 8);
    framed.writeUInt32BE(data.length, 0);
    body.copy(framed, 4);
    framed.writeUInt32BE(crc32(body), body.length + 4);
    return framed;
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(pixels, 0);
  header.writeUInt32BE(pixels, 4);
  header.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

const folder = join(import.meta.dirname, '..', 'public');
writeFileSync(join(folder, 'icon.svg'), svg);
for (const pixels of [192, 512]) writeFileSync(join(folder, `icon-${pixels}.png`), draw(pixels));
// What matters lies within the circle of 80% that every launcher shows.
writeFileSync(join(folder, 'icon-maskable-512.png'), draw(512, 0.85));
