// A commune's code is given again to other communes, so that it means one only together with the day of the list that it was chosen from.
import { textAt, type Household, type Json, type JsonObject } from '../record/household';
import { LAST_DAY_OF_DISTRICTS, type Unit, type UnitLists } from '../sync/units';

const DAY = 'commune_as_of';

/** A household whose commune was just chosen: the code is read by the list that the phone shows now. */
export function withListDay(content: Household, { on }: UnitLists): Household {
  const { [DAY]: _, ...rest } = content;
  return textAt(rest, 'commune') && on ? { ...rest, [DAY]: on } : rest;
}

/** Answers of the household before, with the day that says what the commune among them means. */
export function withDayOf(answers: JsonObject, content: Household): JsonObject {
  const day = textAt(content, DAY);
  return day && textAt(answers, 'commune') ? { ...answers, [DAY]: day } : answers;
}

/** The same as they may be copied: without a commune whose code can name another commune in the current list; it has to be chosen again. */
export function stillMeant(answers: JsonObject, { now }: UnitLists): JsonObject {
  const { commune, [DAY]: day, ...rest } = answers;
  if (commune === undefined) return rest;
  const unit = now.find(({ code }) => code === commune);
  const same = day === undefined || (unit !== undefined && unit.validFrom <= String(day));
  return same ? { ...rest, commune } : rest;
}

/** Whether the household's commune is the one that has the code today. What the register gives by codes of today, such as a border, is not this household's otherwise. */
export function isOfToday(content: JsonObject, units: Pick<UnitLists, 'now' | 'former' | 'past'>): boolean {
  const { commune } = content;
  const today = units.now.find(({ code }) => code === commune);
  return today === undefined || meantUnit(commune, content, units) === today;
}

/** The commune that a code means beside its day (`commune_as_of`): not today's where the code was given again since. Undefined where the phone never had it. */
export function meantUnit(code: Json | undefined, beside: JsonObject, { now, former, past }: Pick<UnitLists, 'now' | 'former' | 'past'>): Unit | undefined {
  const day = textAt(beside, DAY);
  const today = now.find((unit) => unit.code === code);
  if (day === '' || (today && today.validFrom <= day)) return today;
  const before = day <= LAST_DAY_OF_DISTRICTS ? former : (past ?? []);
  return before.filter((unit) => unit.code === code && unit.validFrom <= day).reduce<Unit | undefined>((last, unit) => (last && last.validFrom > unit.validFrom ? last : unit), undefined);
}
