// What a finding of the phone's own checks says to a person: the definition's text where it has one, else ours.
import type { Finding } from '../definition/finding';
import type { Definition } from '../definition/definition';
import { vi, type MessageKey } from '../messages/vi';
import { fill, say, words } from './language.svelte';

export function explain(definition: Definition, { code, params }: Finding): string {
  const given = definition.messages[code];
  if (given) return fill(words(given), params);
  const key = `check.${code}`;
  return key in vi ? say(key as MessageKey, params) : say('check.unknown', { code });
}
