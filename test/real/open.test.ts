import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { stagesOf } from '../support/history.ts';
import { openSite } from '../support/opened-site.ts';
import { describeReal, type Environment, runProgramOf } from '../support/real-parts.ts';
import { scratchFolder } from '../support/scratch.ts';
import { siteIn } from '../support/site.ts';

const scratch = scratchFolder();
const HISTORIES = ['undo', 'packs', 'metadata', 'zlib'] as const;
/** Random loads at each restore point. */
const LOADS = 700;

/** What `zeo_compare.py` prints. */
interface Compared {
  readonly counts: Readonly<Record<string, number>>;
  readonly different: readonly string[];
}

const total = new Map<string, number>();

afterAll(() => {
  if (total.size > 0) console.info('Opened sites, compared:', Object.fromEntries(total));
});

describeReal('zodb', 'site that is open', () => {
  it.each(HISTORIES)(
    'says to ZEO 6 what FileStorage says, at each restore point: %s',
    async (history) => {
      const site = siteIn(join(scratch, history));
      const points = new Set<string>();
      for await (const _ of stagesOf(site, history)) {
        await site.runWell('backup');
        points.add(site.dataFiles().at(-1)?.slice(0, 'yyyy-mm-dd-hh-mm-ss'.length) ?? '');
      }
      for (const [seed, stamp] of [...points].entries()) {
        const to = join(site.folder, 'restored', stamp);
        await site.runWell('restore', '-n', '--to', to, stamp);
        const words = stamp === [...points].at(-1) ? ['--listen', './zeo.sock'] : [];
        const opened = await openSite(site.folder, { words: [stamp, ...words] });
        compare('zodb', { to, address: opened.address, seed });
        // It has asked for a blob that isn't there.
        expect((await opened.stop()).status).toBe(3);
      }
      const live = await openSite(site.folder, { words: ['--live'] });
      compare('zodb', { to: join(site.folder, 'var'), address: live.address, seed: 99 });
      await live.stop();
      console.info(`${history}: ${points.size} restore points and the live site`);
    },
  );
});

describeReal('zeo5', 'site that is open', () => {
  it('says to ZEO 5 what FileStorage says', async () => {
    const site = siteIn(join(scratch, 'zeo5'));
    for await (const _ of stagesOf(site, 'undo'));
    const opened = await openSite(site.folder, { words: ['--live'] });
    compare('zeo5', { to: join(site.folder, 'var'), address: opened.address, seed: 5 });
    expect((await opened.stop('SIGTERM')).log).toContain('wants the blob');
  });
});

/** Compares what a server says with the files that it is of. */
function compare(
  environment: Environment,
  { to, address, seed }: { readonly to: string; readonly address: string; readonly seed: number },
): void {
  const words = [
    join(to, 'filestorage/Data.fs'),
    join(to, 'blobstorage'),
    address,
    String(LOADS),
    String(seed),
  ];
  const printed = runProgramOf(environment, 'zeo_compare.py', words);
  const { counts, different } = JSON.parse(printed) as Compared;
  expect(different).toEqual([]);
  expect(counts['loadBefore']).toBe(LOADS);
  for (const [what, number] of Object.entries(counts))
    total.set(what, (total.get(what) ?? 0) + number);
}
