import { linkSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scratchFolder } from '../../../test/support/scratch.ts';
import { isWithin, leadingTo, leadToOne, placeOf, wayFrom } from './place.ts';

const scratch = realpathSync(scratchFolder());
const at = (path: string) => join(scratch, path);

mkdirSync(at('site/var/blobs'), { recursive: true });
writeFileSync(at('site/var/Data.fs'), 'bytes');
linkSync(at('site/var/Data.fs'), at('site/var/hard.fs'));
symlinkSync('Data.fs', at('site/var/soft.fs'));
symlinkSync('site/var', at('link'));

describe('two paths', () => {
  it.each([
    ['site/var', 'link'],
    ['site/var/Data.fs', 'link/Data.fs'],
    ['site/var/Data.fs', 'link/soft.fs'],
    ['site/var/new/Data.fs', 'link/new/Data.fs'],
    ['site/var/Data.fs/below', 'link/Data.fs/below'],
    ['site/var/', 'site/./var/blobs/..'],
  ])('lead to one place: %s, %s', async (one, other) => {
    expect(await leadToOne(at(one), at(other))).toBe(true);
  });

  it.each([
    ['site/var', 'site'],
    ['site/var/Data.fs', 'site/var/hard.fs'],
    ['site/var/new', 'site/var/newer'],
    ['site/var/new/a', 'site/new/a'],
  ])('lead to two: %s, %s', async (one, other) => {
    expect(await leadToOne(at(one), at(other))).toBe(false);
  });
});

describe('a place', () => {
  it('is within each folder around it, and the way from there is told', async () => {
    const place = await placeOf(at('link/new/Data.fs'));
    const ways = [
      ['site/var/new/Data.fs', ''],
      ['link/new', 'Data.fs'],
      ['site/var', 'new/Data.fs'],
      ['site', 'var/new/Data.fs'],
      ['site/var/blobs', undefined],
      ['site/var/ne', undefined],
    ] as const;
    for (const [path, way] of ways) {
      const folder = await placeOf(at(path));
      expect([path, wayFrom(folder, place)]).toEqual([path, way]);
      expect(isWithin(place, folder)).toBe(way !== undefined);
    }
  });

  it('is led to by those of some paths that lead there', async () => {
    const paths = [at('link'), at('site'), at('site/var')];
    expect([...(await leadingTo(at('site/var'), paths))]).toEqual([at('link'), at('site/var')]);
  });
});
