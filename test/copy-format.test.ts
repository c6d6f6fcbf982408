import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
const LAYOUT = join(ROOT, 'src/copies/layout');
const PAGE = readFileSync(join(ROOT, 'docs/internals/copy-format.md'), 'utf8');

const files = readdirSync(LAYOUT)
  .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
  .map((name) => ({ name, text: readFileSync(join(LAYOUT, name), 'utf8') }));

/** Names of the fields in the schemas of a file. */
function fieldsOf(text: string): readonly string[] {
  return [...text.matchAll(/^ +([a-z][A-Za-z0-9]*): (?:v\.|[A-Z][A-Za-z0-9]*(?:Schema|Text)?,)/gm)]
    .map(([, name = '']) => name)
    .filter((name) => name !== '');
}

describe('docs/internals/copy-format.md', () => {
  it.each(files.filter(({ text }) => text.includes('v.object(')))(
    'has the fields of $name, and says where it is read',
    ({ name, text }) => {
      if (name !== 'stored-object.ts') expect(PAGE).toContain(`copies/layout/${name}`);
      const words = new Set(PAGE.match(/[A-Za-z][A-Za-z0-9]*/g));
      const fields = fieldsOf(text);
      expect(fields.length).toBeGreaterThan(0);
      expect(fields.filter((field) => !words.has(field))).toEqual([]);
    },
  );

  it('has the keys of the code', () => {
    const { text = '' } = files.find(({ name }) => name === 'keys.ts') ?? {};
    const keys = [...text.matchAll(/^ \* ((?:sites|heads|zodbvault)\S+) /gm)].map(([, key]) => key);
    expect(keys.length).toBe(15);
    expect(keys.filter((key) => !PAGE.includes(`\n${key} `))).toEqual([]);
  });
});
