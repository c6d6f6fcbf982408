import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { zodbvault } from '../support/command.ts';
import { IS_WHOLE, SAMPLE_NAME, sampleOf } from '../support/sample.ts';
import { type CataloguedDamage, DAMAGES } from './catalogue.ts';
import { checkSite, type HealthyState, type Verdict } from './checks.ts';
import { HARMLESS } from './harmless.ts';
import {
  contentOf,
  makeHealthySite,
  Place,
  SITE_NAMES,
  type SiteName,
  siteIn,
} from './healthy-sites.ts';
import { plainTable, tableOf, wrongInTable } from './table.ts';

/** In memory where there is a disk of it: what is asked of the disk here is no matter of speed. */
const scratch = mkdtempSync(
  join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'zodbvault-damage-'),
);
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const DOCS = readFileSync(join(import.meta.dirname, '../../docs/internals/damage.md'), 'utf8');

/** All take two minutes; this is a third of them, of each kind. `SAMPLE=all` tries all. */
const TRIED = sampleOf(DAMAGES, { every: 3 });

const healthy = new Map<SiteName, HealthyState>();
const verdicts = new Map<CataloguedDamage, Verdict>();

beforeAll(async () => {
  for (const name of SITE_NAMES) {
    const folder = join(scratch, name);
    await makeHealthySite(folder, name);
    healthy.set(name, {
      content: contentOf(join(folder, 'var/filestorage/Data.fs'), join(folder, 'var/blobstorage')),
      index: readFileSync(new Place(folder, name).side(2, 'index')),
    });
  }
});

function stateFor({ site, backedUp }: Pick<CataloguedDamage, 'site' | 'backedUp'>): HealthyState {
  const state = healthy.get(site);
  const content = new Map(state?.content);
  if (backedUp === undefined) return { content, index: state?.index };
  content.set('Data.fs', backedUp.toString('latin1'));
  return { content, index: undefined };
}

async function checkCopy(
  name: SiteName,
  { damage, state }: { damage: (place: Place) => void; state: HealthyState },
): Promise<{ readonly verdict: Verdict; readonly place: Place }> {
  const folder = join(scratch, 'case');
  const place = Place.copy(join(scratch, name), { to: folder, name });
  try {
    damage(place);
    const verdict = await checkSite(await siteIn(folder, name), { folder, healthy: state });
    return { verdict, place };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe.each(SITE_NAMES)('healthy site %s', (name) => {
  it('is found to be so by every check', async () => {
    const { verdict } = await checkCopy(name, {
      damage: () => {},
      state: stateFor({ site: name }),
    });
    expect(verdict).toEqual({
      quick: false,
      thorough: false,
      deep: [],
      restore: 'equal',
      said: [],
    });
  });
});

describe.each([...new Set(TRIED.map(({ kind }) => kind))])(`%s, ${SAMPLE_NAME}`, (kind) => {
  it.each(TRIED.filter((one) => one.kind === kind))('$name', async (one) => {
    let named = '';
    const { verdict } = await checkCopy(one.site, {
      damage: (place) => {
        named = one.names(place);
        one.damage(place);
      },
      state: stateFor(one),
    });
    verdicts.set(one, verdict);
    expect(verdict.deep.join('\n')).toContain(named);
    expect(verdict.deep).not.toEqual([]);
    const right = {
      refuse: ['refused'],
      say: ['refused', 'warned'],
      equal: ['equal', 'warned'],
    } as const;
    expect([verdict.restore, ...verdict.said]).toEqual([
      expect.toBeOneOf([...right[one.restore]]),
      ...verdict.said,
    ]);
  });
});

describe('harmless', () => {
  it.each(HARMLESS)('$name', async ({ site, change }) => {
    const { verdict } = await checkCopy(site, { damage: change, state: stateFor({ site }) });
    expect([verdict.restore, ...verdict.said]).toEqual(['equal']);
  });

  it('changes are those that docs/internals/damage.md lists', () => {
    for (const { name } of HARMLESS) expect(DOCS).toContain(`- ${name}`);
  });
});

describe('built command', () => {
  const some = DAMAGES.filter(({ site }) => site === 'plain').filter(
    (_, index) => index % 30 === 0,
  );

  it.each(some)('$kind: $name', async (one) => {
    const folder = join(scratch, 'command');
    const place = Place.copy(join(scratch, one.site), { to: folder, name: one.site });
    try {
      const named = one.names(place);
      one.damage(place);
      const deep = await zodbvault(['verify', '--deep', '--json'], { cwd: folder });
      expect(deep.status).toBe(1);
      expect(deep.stdout + deep.stderr).toContain(named);
      // Without its date, an older restore point would be asked for in place of one that is known to be bad.
      const newest = basename(place.side(2, 'index'), '.index');
      const words = ['restore', newest, '--no-prompt', '--to', join(folder, 'restored')];
      const restored = await zodbvault(words, { cwd: folder });
      if (one.restore === 'refuse') {
        expect(restored.status).toBe(1);
        expect(existsSync(join(folder, 'restored/filestorage/Data.fs'))).toBe(false);
      } else {
        expect(restored).toMatchObject({ status: expect.toBeOneOf([0, 3]) });
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('table of docs/internals/damage.md', () => {
  it('says what was found', ({ skip }) => {
    if (verdicts.size < TRIED.length) skip('not all cases were run');
    expect(DAMAGES.length).toBeGreaterThanOrEqual(200);
    expect(wrongInTable(DOCS, { verdicts, damages: DAMAGES })).toEqual([]);
    if (IS_WHOLE) expect(plainTable(DOCS)).toContain(plainTable(tableOf(verdicts)));
  });
});
