// The language of the screens: catalogues by key, Vietnamese first; English is loaded when it is chosen.
import { vi, type MessageKey } from '../messages/vi';
import type { Language, Words } from '../definition/definition';
import { bestKnownTime } from '../clock/clock.svelte';
import { speak } from '../sync/register';

const STORED = 'language';
let current = $state<Language>('vi');
/** Those of a part that is not opened yet are missing: it includes them as it is loaded. */
const vietnamese = { ...vi } as Record<MessageKey, string>;
let catalogue = $state.raw(vietnamese);

export const LANGUAGES: readonly { code: Language; name: string }[] = [
  { code: 'vi', name: 'Tiếng Việt' },
  { code: 'en', name: 'English' },
];

/** Reads the chosen language; called once at the start. */
export async function startLanguage(): Promise<void> {
  if (localStorage.getItem(STORED) !== 'en') return;
  try {
    await chooseLanguage('en');
  } catch (error) {
    // The catalogue could not be loaded: the form starts in Vietnamese, which is always there, instead of not at all.
    console.error(error);
  }
}

export async function chooseLanguage(language: Language): Promise<void> {
  catalogue = language === 'en' ? (await import('../messages/en')).en : vietnamese;
  current = language;
  localStorage.setItem(STORED, language);
  document.documentElement.lang = language;
  speak(language);
}

/** Adds the Vietnamese texts of a part that is loaded when it is opened; the English ones come with the language. */
export function include(texts: Partial<Record<MessageKey, string>>): void {
  Object.assign(vietnamese, texts);
}

export function language(): Language {
  return current;
}

/** The text under `key` in the chosen language, its {placeholders} filled. A text that nobody included shows its key: a screen must not end for it. */
export function say(key: MessageKey, params: Record<string, string | number> = {}): string {
  return fill(catalogue[key] ?? key, params);
}

/** Words of the definition in the chosen language, Vietnamese where it lacks them. */
export function words(text: Words): string {
  return text[current] || text.vi;
}

/** A unit of the definition as people here write it; one without a word of ours stays as it is. */
export function unitName(unit: string): string {
  const key = `unit.${unit}`;
  return key in vi ? say(key as MessageKey) : unit;
}

export function fill(text: string, params: Record<string, string | number>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = params[name];
    return value === undefined ? whole : typeof value === 'number' ? number(value) : value;
  });
}

/** Making one takes an old phone a millisecond; each is made once. */
const formats = new Map<string, Intl.NumberFormat>();

export function number(value: number, digits = 3): string {
  const key = `${current} ${digits}`;
  let format = formats.get(key);
  if (!format) {
    format = new Intl.NumberFormat(current === 'vi' ? 'vi-VN' : 'en-GB', { maximumFractionDigits: digits });
    formats.set(key, format);
  }
  return format.format(value);
}

/** A size in bytes for people. */
export function size(bytes: number): string {
  const [unit, by] = bytes < 1e6 ? (['kB', 1e3] as const) : bytes < 1e9 ? (['MB', 1e6] as const) : (['GB', 1e9] as const);
  return `${number(bytes / by, 1)} ${unit}`;
}

/** A day, a month or a year as people here write it: 2026-11-20 as 20/11/2026. */
export function day(text: string): string {
  return text.split('-').reverse().join('/');
}

/** A time of this phone for people: today's as hours and minutes, others with the day. */
export function moment(text: string): string {
  const time = new Date(text);
  if (Number.isNaN(time.getTime())) return text;
  const today = time.toDateString() === bestKnownTime().toDateString();
  const locale = current === 'vi' ? 'vi-VN' : 'en-GB';
  return today
    ? time.toLocaleTimeString(locale, { hour: '2-digit', minute: '2-digit' })
    : time.toLocaleString(locale, { day: '2-digit', month: '2-digit', year: 'numeric', hour: '2-digit', minute: '2-digit' });
}
