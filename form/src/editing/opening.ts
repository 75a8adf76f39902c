// Opening entries to edit: a new household, one of the register, one of this phone. Knows nothing of checks, so that the list opens at once.
import { momentNow } from '../clock/clock.svelte';
import { copiedAnswers, type Definition } from '../definition/definition';
import { isEditable, type Basis } from '../storage/entries';
import type { OpenedEntry } from '../storage/entry-store';
import { contentOf, textAt, type Household, type JsonObject } from '../record/household';
import { mintIdentifier } from '../storage/identifier';
import { stillMeant, withDayOf, withListDay } from './commune';
import { account } from '../session/account.svelte';
import { door } from '../session/door.svelte';
import { outbox } from '../session/outbox.svelte';
import { reference } from '../session/reference.svelte';

/** Under this name the phone stores the answers of the household before that may be copied, and no others. */
const LAST_ANSWERS = 'last-answers';

/** A new household on this phone, with what the form itself knows. Raises PhoneFull. */
export async function startHousehold(): Promise<OpenedEntry> {
  const last = await lastAnswers();
  const [only, ...others] = account.current?.communes ?? [];
  const taken = await reference.communes.taken();
  const commune = textAt(last, 'commune') || (only && others.length === 0 ? only : (taken.at(-1)?.commune ?? ''));
  const content: Household = { captured_at: momentNow(), legal_basis: 'state_function' };
  const agency = reference.settings.province?.agency;
  if (agency) content['agency'] = agency;
  if (commune) content['commune'] = commune;
  return outbox.store.add(mintIdentifier(), { kind: 'new' }, withListDay(content, reference.units));
}

/** What the next household may copy of the one before. */
export async function lastAnswers(): Promise<JsonObject> {
  return stillMeant((await door.sealed.get<JsonObject>(LAST_ANSWERS)) ?? {}, reference.units);
}

/** Stores what the next household may copy of this one. */
export async function rememberAnswers(definition: Definition, content: Household): Promise<void> {
  await door.sealed.put(LAST_ANSWERS, withDayOf(copiedAnswers(definition, content), content));
}

/** The entry in which this household is edited: the one that is open already, or a new one made from what the register or this phone knows. */
export async function openHousehold(record: Household): Promise<OpenedEntry> {
  const household = textAt(record, 'id');
  const entries = await outbox.store.ofHousehold(household);
  const latest = entries.at(-1);
  if (latest && isEditable(latest)) return latest;
  const given = reference.definition!.registerGiven;
  const follows = latest && latest.state.kind !== 'sent';
  const basis: Basis = follows ? { kind: 'entry', entry: latest.id } : newestBasis(record, latest);
  const content = contentOf(follows ? latest.content : newest(record, latest), given);
  return outbox.store.add(household, basis, content, basis.kind === 'new' ? null : content);
}

/** The entry itself if it can be edited, else one that follows it. */
export async function editable(entry: OpenedEntry): Promise<OpenedEntry> {
  if (isEditable(entry)) return entry;
  return openHousehold({ ...entry.content, id: entry.household });
}

function newest(record: Household, latest: OpenedEntry | undefined): Household {
  return latest?.state.kind === 'sent' && latest.state.revision >= Number(record['revision'] ?? 0) ? latest.content : record;
}

function newestBasis(record: Household, latest: OpenedEntry | undefined): Basis {
  const revision = Number(newest(record, latest)['revision']);
  return Number.isFinite(revision) ? { kind: 'revision', revision } : { kind: 'new' };
}
