import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scratchFolder } from '../../../test/support/scratch.ts';
import { readBuildout } from './buildout.ts';
import { withInstalled } from './installed.ts';

const scratch = scratchFolder();
let folders = 0;

/** A buildout of which an address is missing, and what it installed so many seconds later. */
async function supplemented(
  { cfg, installed }: { readonly cfg: string; readonly installed: string },
  secondsLater: number,
) {
  const folder = join(scratch, String(++folders));
  mkdirSync(folder);
  // Port 9 discards what it is sent, where it is open at all.
  const text = `[buildout]\nextends = http://127.0.0.1:9/base.cfg\n${cfg}`;
  writeFileSync(join(folder, 'buildout.cfg'), text);
  writeFileSync(join(folder, '.installed.cfg'), installed);
  utimesSync(join(folder, 'buildout.cfg'), 1000, 1000);
  utimesSync(join(folder, '.installed.cfg'), 1000 + secondsLater, 1000 + secondsLater);
  const path = join(folder, 'buildout.cfg');
  return withInstalled(await readBuildout(path, { overrides: [], userDefaults: undefined }));
}

describe('.installed.cfg', () => {
  const texts = {
    cfg: `[a]\nx = file\ny = \${base:y}\n`,
    installed: '[a]\nx = old\ny = known\nz = known\n[b]\nrecipe = r\n',
  };

  it('answers what the files of a buildout cannot, and nothing else', async () => {
    const buildout = await supplemented(texts, 1);
    const textOf = (section: string, name: string) => buildout.option(section, name)?.text;
    expect(['x', 'y', 'z', 'w'].map((name) => textOf('a', name))).toEqual([
      ...['file', 'known', 'known', undefined],
    ]);
    expect(textOf('b', 'recipe')).toBe('r');
    expect(buildout.sectionNames).toEqual(['buildout', 'a', 'b']);
    expect([...(buildout.section('a')?.keys() ?? [])]).toEqual(['x', 'y', 'z']);
  });

  it('is left alone where a file is newer', async () => {
    const buildout = await supplemented(texts, -1);
    expect(() => buildout.option('a', 'y')).toThrow('the section [base] does not exist');
    expect(buildout.option('a', 'z')).toBeUndefined();
    expect(buildout.section('b')).toBeUndefined();
  });

  it('has its blanks, line ends and percent signs as they were', async () => {
    const installed = [
      '[a]',
      'x = %(__buildout_space__)s%(__buildout_space__)sone',
      '\ttwo%(__buildout_space_n__)sthree',
      'y = 100%% %%(name)s',
    ];
    const buildout = await supplemented({ cfg: '', installed: installed.join('\n') }, 1);
    expect(buildout.option('a', 'x')?.text).toBe('  one\ntwo\nthree');
    expect(buildout.option('a', 'y')?.text).toBe('100% %(name)s');
  });
});
