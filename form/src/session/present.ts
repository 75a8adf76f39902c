// What is there only while the form is unlocked.

export function present<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('the form is locked');
  return value;
}
