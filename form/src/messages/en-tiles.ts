// Texts of storing the map's pictures, in English.
import type { viTiles } from './vi-tiles';

export const enTiles: Record<keyof typeof viTiles, string> = {
  'tiles.title': 'Map pictures of {name}',
  'tiles.offer': 'Not on this phone yet: {count} pictures, about {size}. Save them to see the map without signal.',
  'tiles.rest': '{count} pictures are missing, about {size}.',
  'tiles.none': 'The map’s server has no picture for the other {count}. The ones that are saved are shown without signal.',
  'tiles.fieldsOnly': 'A large commune: close views are saved only around the fields and homes in the register.',
  'tiles.take': 'Save the map',
  'tiles.taking': '{done} of {count} pictures saved, {size}…',
  'tiles.stop': 'Stop',
  'tiles.stored': 'All {count} pictures are on this phone and are shown without signal.',
  'tiles.forget': 'Remove the map from this phone',
  'tiles.lost': 'The network was lost. What was saved stays; tap again when there is signal.',
  'tiles.refused': 'The map’s server does not allow saving its pictures. Please tell the administrator (it must send Access-Control-Allow-Origin).',
  'tiles.full': 'The phone is full. What was saved stays; remove pictures or apps and tap again.',
};
