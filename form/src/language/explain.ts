// What is wrong, in words: a finding of the phone's own checks, by the definition's text where it has one, and why the register refused something.
import type { Finding } from '../definition/finding';
import type { Definition } from '../definition/definition';
import { vi, type MessageKey } from '../messages/vi';
import type { Problem } from '../record/household';
import { fill, say, words } from './language.svelte';

export function explain(definition: Definition, { code, params }: Finding): string {
  const given = definition.messages[code];
  if (given) return fill(words(given), params);
  const key = `check.${code}`;
  return key in vi ? say(key as MessageKey, params) : say('check.unknown', { code });
}

/** The register's reason for a refusal; its status if it gave none. */
export function refusal({ detail, title, status }: Pick<Problem, 'detail' | 'title' | 'status'>): string {
  return detail || title || say('rejected.unknown', { status });
}
