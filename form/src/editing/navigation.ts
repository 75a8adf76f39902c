// Navigation in a household: which screen an address leads to, and what is wrong on it. Pure.
import type { Definition } from '../definition/definition';
import { join, parts } from '../definition/pointer';
import { targetOf, type Target, type Screen } from '../definition/screens';
import type { JsonObject } from '../record/household';

/** The address of the last screen, on which the household is sent. */
export const REVIEW = '/review';

export interface Whereabouts {
  /** Null on the last screen. */
  target: Target | null;
  /** Of the wizard's screen, or of the one that a card, a group or a map belongs to; the number of screens on the last one. */
  index: number;
  screen: Screen | undefined;
}

/** Where the address `at` leads; to the first screen where it leads nowhere. */
export function whereabouts(definition: Definition, screens: readonly Screen[], record: JsonObject, at: string): Whereabouts {
  if (at === REVIEW) return { target: null, index: screens.length, screen: undefined };
  const target: Target = targetOf(definition, screens, record, at) ?? { kind: 'screen', index: 0, focus: null };
  const index = target.kind === 'screen' ? target.index : owningScreen(screens, at);
  return { target, index, screen: screens[index] };
}

function owningScreen(screens: readonly Screen[], at: string): number {
  const first = parts(at)[0];
  const owns = ({ pointer, items }: Screen): boolean => (pointer === '' ? items.some(({ name }) => name === first) : parts(pointer)[0] === first);
  return Math.max(0, screens.findIndex(owns));
}

/** The address of the wizard's screen `index`; for a larger index that of the last screen. */
export function addressOfScreen(screens: readonly Screen[], index: number): string {
  const screen = screens[index];
  if (!screen) return REVIEW;
  return screen.hub ? `/step:${screen.step}` : screen.pointer || `/${screen.items[0]!.name}`;
}

/** The list that a card belongs to, and its place in it. */
export function cardOf(pointer: string): { list: string; index: number } {
  const end = pointer.lastIndexOf('/');
  return { list: pointer.slice(0, end), index: Number(pointer.slice(end + 1)) };
}

export interface Wrong {
  pointer: string;
  message: string;
}

/** Those of `wrongs` that belong to what the screen shows, each once. */
export function wrongHere({ target, screen }: Whereabouts, wrongs: readonly Wrong[]): Wrong[] {
  if (!screen) return [];
  const pointers = target?.kind === 'card' || target?.kind === 'group' ? [target.pointer] : screen.items.map(({ name }) => join(screen.pointer, name));
  const here = wrongs.filter(({ pointer }) => pointers.some((each) => pointer === each || pointer.startsWith(`${each}/`)));
  return [...new Map(here.map(({ pointer, message }) => [pointer + message, { pointer, message }])).values()];
}
