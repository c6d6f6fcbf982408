import { describe, expect, it } from 'vitest';
import { recipeCfg } from '../../../test/support/buildout-site.ts';
import { buildoutOf } from '../../../test/support/recipe-part.ts';
import { scratchFolder } from '../../../test/support/scratch.ts';
import type { Buildout } from '../buildout/buildout.ts';
import { WrittenOptions } from './option-reader.ts';
import { Problems } from './problems.ts';

const scratch = scratchFolder();

function sourceOf(buildout: Buildout) {
  return {
    names: buildout.optionNames('backup'),
    option: (name: string) => buildout.option('backup', name),
    originOf: (name: string) => buildout.originOf('backup', name),
  };
}

async function optionsOf(...lines: readonly string[]) {
  const { folder, buildout } = await buildoutOf(scratch, recipeCfg(lines));
  const problems = new Problems('the part [backup]');
  return { folder, problems, options: new WrittenOptions(sourceOf(buildout), problems) };
}

/** The recipe's own acceptance list, "truth" (38); a word that is neither is refused, not false. */
describe('flag of a part', () => {
  it.each([
    ...['true', 'yes', 'on', '1', 'TRUE', 'Yes', 'oN'].map((word) => [word, true] as const),
    ...['false', 'no', 'off', '0', '', 'FALSE'].map((word) => [word, false] as const),
  ])('"%s" is %s', async (word, expected) => {
    const { options, problems } = await optionsOf(`full = ${word}`);
    for (const byDefault of [true, false]) {
      expect(options.flag('full', { byDefault, is23: false })).toBe(expected);
    }
    problems.throwIfAny();
  });

  it.each(['10', 'ture', 'enabled', '-1', '42', 'yes please'])('"%s" is refused', async (word) => {
    const { options, problems } = await optionsOf(`full = ${word}`);
    options.flag('full', { byDefault: false, is23: false });
    expect(() => problems.throwIfAny()).toThrow(
      `buildout.cfg:5: full = ${word}: write true or false`,
    );
  });

  it.each([
    ['true', true],
    ['True', true],
    ['false', false],
    ['off', false],
    ['', false],
  ])('"%s" is %s with the rules of 2.3', async (word, expected) => {
    const { options, problems } = await optionsOf(`full = ${word}`);
    expect(options.flag('full', { byDefault: true, is23: true })).toBe(expected);
    problems.throwIfAny();
  });

  it.each(['yes', 'on', '1'])('"%s" is refused with the rules of 2.3', async (word) => {
    const { options, problems } = await optionsOf(`full = ${word}`);
    options.flag('full', { byDefault: true, is23: true });
    expect(() => problems.throwIfAny()).toThrow('only the word true is true');
  });

  it('that is not there has its default', async () => {
    const { options, problems } = await optionsOf();
    expect(options.flag('full', { byDefault: true, is23: true })).toBe(true);
    expect(options.resolved).toEqual([{ name: 'full', value: 'true', from: 'default' }]);
    problems.throwIfAny();
  });
});

describe('count of a part', () => {
  it.each([
    ['0', 0],
    ['1', 1],
    ['007', 7],
    ['999999', 999_999],
  ])('"%s" is %s', async (text, expected) => {
    const { folder, options, problems } = await optionsOf(`keep = ${text}`);
    expect(options.count('keep', 2)).toBe(expected);
    problems.throwIfAny();
    const from = `${folder}/buildout.cfg:5`;
    expect(options.resolved).toEqual([{ name: 'keep', value: text, from }]);
  });

  it.each(['-1', '1.5', 'abc', '2 days', '1000000', '99999999999', '1e3', '0x2', '', '٣'])(
    '"%s" is refused',
    async (text) => {
      const { options, problems } = await optionsOf(`keep = ${text}`);
      expect(options.count('keep', 2)).toBe(2);
      expect(() => problems.throwIfAny()).toThrow(`keep = ${text}: a whole number`);
    },
  );
});
