import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatWarningsPage } from '../../reference/warnings-page.ts';
import { exampleOf, factsOf, sentenceOf, WARNING_CODES } from './sentence.ts';

const ROOT = join(import.meta.dirname, '../../../..');
const SOURCE = join(ROOT, 'src');

/** What may say one, without the folder that lists the codes. */
const sayers = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
  .filter((path) => /^(operations|config|cli)\/.*\.ts$/.test(path))
  .filter((path) => !/\.test\.|settings-advice|(run|render)\/warnings\//.test(path))
  .map((path) => readFileSync(join(SOURCE, path), 'utf8'));

describe('warnings', () => {
  it.each(WARNING_CODES)('%s is said', (code) => {
    expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(sayers.filter((text) => text.includes(`'${code}'`))).not.toEqual([]);
  });

  it('have no two sentences alike, and none with a value that is missing', () => {
    const sentences = WARNING_CODES.map((code) => sentenceOf(exampleOf(code)));
    expect(new Set(sentences).size).toBe(WARNING_CODES.length);
    for (const one of sentences) expect(one).not.toMatch(/undefined|\[object|^$/);
  });

  it('have a code and values for programs', () => {
    expect(factsOf({ kind: 'warning', code: 'uncommitted-tail', source: 'x', bytes: 3 })).toEqual({
      code: 'uncommitted-tail',
      values: { source: 'x', bytes: 3 },
    });
  });

  it('are listed by docs/reference/warnings.md', () => {
    expect(readFileSync(join(ROOT, 'docs/reference/warnings.md'), 'utf8')).toBe(
      formatWarningsPage(),
    );
  });
});
