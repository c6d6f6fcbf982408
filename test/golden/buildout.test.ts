import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readBuildout } from '../../src/config/buildout/buildout.ts';
import { outcomeOf } from '../support/outcome.ts';
import { GOLDEN } from './states.ts';

const BUILDOUTS = join(GOLDEN, 'buildout');

/** Every section as zc.buildout resolves it, or why it can't; `error` where it can't read the file. */
interface Golden {
  readonly name: string;
  readonly folder: string;
  readonly sections: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly error: string | undefined;
}

const goldens = readdirSync(BUILDOUTS).map((name): Golden => {
  const folder = join(BUILDOUTS, name);
  const text = readFileSync(join(folder, 'expected.json'), 'utf8').replaceAll('@DIR@', folder);
  const { error, ...sections } = JSON.parse(text);
  return { name, folder, sections, error };
});

const read = (folder: string) =>
  readBuildout(join(folder, 'buildout.cfg'), { overrides: [], userDefaults: undefined });

describe('golden buildout', () => {
  it.each(goldens.filter(({ error }) => error === undefined))(
    '$name resolves to what zc.buildout resolves it to',
    async ({ folder, sections }) => {
      const buildout = await read(folder);
      for (const [name, options] of Object.entries(sections)) {
        if ('!!' in options) {
          const outcome = await outcomeOf(() => buildout.section(name));
          const place = expect.stringMatching(/buildout\.cfg:\d+: /);
          expect(outcome).toMatchObject({ code: 'usage', message: place });
          continue;
        }
        const section = [...(buildout.section(name) ?? [])];
        const found = Object.fromEntries(section.map(([option, { text }]) => [option, text]));
        if (name !== 'buildout' && name !== 'versions')
          expect([name, found]).toEqual([name, options]);
        // Of buildout's own defaults those are left out that nothing here needs.
        for (const [option, text] of Object.entries(found)) {
          expect([name, option, text]).toEqual([name, option, options[option]]);
        }
      }
    },
  );

  it.each(goldens.filter(({ error }) => error !== undefined))(
    '$name is refused, with the file, as by zc.buildout',
    async ({ folder }) => {
      const outcome = await outcomeOf(() => read(folder));
      expect(outcome).toMatchObject({ kind: 'failure', message: expect.stringContaining(folder) });
    },
  );
});
