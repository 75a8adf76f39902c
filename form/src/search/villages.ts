// The villages of a list of households: one however its name is written, two where two former communes each have one of that name.
import { textAt, type Household } from '../record/household';
import { spelling } from './fold';

export interface Village {
  key: string;
  /** As most households write it, with the former commune where several villages have the name. */
  label: string;
}

/** Equal for households of one village; empty where none is given. */
export function villageKey(household: Household): string {
  const name = spelling(textAt(household, 'village'));
  return name && `${name}/${textAt(household, 'former_commune')}`;
}

export function villagesOf(households: readonly Household[], formerName: (code: string) => string): Village[] {
  const groups = new Map<string, Household[]>();
  for (const household of households) {
    const key = villageKey(household);
    const group = groups.get(key);
    if (group) group.push(household);
    else if (key) groups.set(key, [household]);
  }
  const villages = [...groups].map(([key, group]) => ({ key, name: commonest(group), former: textAt(group[0]!, 'former_commune') }));
  const times = new Map<string, number>();
  for (const { name } of villages) times.set(spelling(name), (times.get(spelling(name)) ?? 0) + 1);
  return villages
    .map(({ key, name, former }) => ({ key, label: times.get(spelling(name)) === 1 || !former ? name : `${name} (${formerName(former)})` }))
    .sort((one, other) => one.label.localeCompare(other.label, 'vi', { numeric: true }));
}

function commonest(households: readonly Household[]): string {
  const times = new Map<string, number>();
  for (const household of households) {
    const name = textAt(household, 'village');
    times.set(name, (times.get(name) ?? 0) + 1);
  }
  return [...times].reduce((best, each) => (each[1] > best[1] ? each : best))[0];
}
