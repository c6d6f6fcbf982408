import type { CfgSection, CfgValue } from '../model/cfg-value.ts';

/**
 * One section out of the layers in which it was written, the lowest first: an option replaces the one
 * of its name below it; `name +=` adds its lines to that one's, `name -=` takes them away.
 */
export function flatten(layers: readonly CfgSection[]): CfgSection {
  const merged = new Map<string, CfgValue>();
  for (const layer of layers) {
    // What is set comes first: an addition in the same layer is one to that.
    for (const [name, value] of layer) if (operatorOf(name) === undefined) merged.set(name, value);
    for (const [name, value] of layer) {
      const operator = operatorOf(name);
      if (operator === undefined) continue;
      const target = baseName(name);
      merged.set(target, combine(operator, { below: merged.get(target), value }));
    }
  }
  return merged;
}

/** The option that a key sets, adds to or takes away from. */
export function baseName(key: string): string {
  return operatorOf(key) === undefined ? key : key.slice(0, -1).trimEnd();
}

function operatorOf(name: string): '+' | '-' | undefined {
  const last = name.at(-1);
  return last === '+' || last === '-' ? last : undefined;
}

function combine(
  operator: '+' | '-',
  { below, value }: { readonly below: CfgValue | undefined; readonly value: CfgValue },
): CfgValue {
  const had = below === undefined ? [] : below.text.split('\n');
  const lines = value.text.split('\n');
  const text = (
    operator === '+' ? [...had, ...lines] : had.filter((line) => !lines.includes(line))
  ).join('\n');
  return { text: below === undefined ? text.trim() : text, origin: value.origin };
}
