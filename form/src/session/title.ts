// The name of the register, with its province, and the titles of its pages.
import { say, words } from '../language/language.svelte';
import { reference } from './reference.svelte';

/** "Sổ Nông Hộ" and the province, once it is known. */
export function registerName(): string {
  const province = reference.settings.province;
  return province ? `${say('name')} ${words(province.name)}` : say('name');
}

/** The title of a page of the form. */
export function pageTitle(page: string): string {
  return `${page} · ${registerName()}`;
}
