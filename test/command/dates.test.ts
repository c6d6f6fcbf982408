import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { growDatabase } from '../support/database.ts';
import { scratchFolder } from '../support/scratch.ts';
import { newSite, type TestSite } from '../support/site.ts';

const scratch = scratchFolder();
/** Without daylight saving time, so that the day of the test doesn't matter. */
const env = { TZ: 'Asia/Kolkata' };
const LINE = /(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+05:30) +(\d{4}(?:-\d\d){5}) /g;

describe('a date on the command line', () => {
  let site: TestSite;
  /** As `list` shows them: local, UTC. */
  let points: readonly (readonly [local: string, stamp: string])[] = [];
  let states: readonly Buffer[] = [];

  beforeAll(async () => {
    site = await newSite(scratch, 5);
    const kept: Buffer[] = [];
    for (let count = 0; count < 3; count += 1) {
      await growDatabase(site.dataFs, { transactions: 1 });
      kept.push(readFileSync(site.dataFs));
      await site.runWell('backup', '--no-blobs');
    }
    states = kept;
    const { stdout } = await site.run(['list'], { env });
    points = [...stdout.matchAll(LINE)].map(([, local = '', stamp = '']) => [local, stamp]);
  });

  it('is pasted from list in either form, and means that restore point', async () => {
    expect(points).toHaveLength(3);
    for (const [index, both] of points.entries()) {
      for (const date of both) {
        const target = join(scratch, `${date}.fs`);
        const words = ['restore', date, '--to', target, '-n', '--no-blobs'];
        const { status, stderr } = await site.run(words, { env });
        expect([status, stderr]).toEqual([
          0,
          expect.stringContaining(`"${date}" means ${both[0]} (UTC: ${both[1]})`),
        ]);
        expect(readFileSync(target).equals(states[index] ?? Buffer.of())).toBe(true);
      }
    }
  });

  it('is the same for every command', async () => {
    const [[first = ''] = [], [second = '', name = ''] = []] = points;
    const shown = await site.run(['show', second, '--json'], { env });
    expect(JSON.parse(shown.stdout)).toMatchObject({ points: [{ stamp: name }] });
    const tested = await site.run(['test-restore', second, '--no-blobs'], { env });
    expect(tested.stderr).toContain(`as of ${name}`);
    const looked = await site.run(['verify', '--deep', second], { env });
    expect([looked.status, looked.stdout + looked.stderr]).toEqual([
      0,
      expect.stringContaining(name),
    ]);
    const differing = await site.run(['diff', first, 'latest', '--json'], { env });
    expect(JSON.parse(differing.stdout)).toMatchObject({
      differences: [{ to: { stamp: points[2]?.[1] } }],
    });
    const logged = await site.run(['log', second, '--since', 'yesterday', '--json'], { env });
    expect([logged.status, logged.stderr]).toEqual([0, '']);
    const days = await site.run(['log', '--since', 'yesterday', '--until', 'today'], { env });
    expect(days.stderr).toMatch(
      /^"yesterday" means from [\d-]+ 00:00:00 .*\n"today" means before [\d-]+ 00:00:00 .*\n$/,
    );
    const planned = await site.run(['delete', second, '--dry-run'], { env });
    expect(planned.stdout).toContain(`This will remove ${name}`);
  });

  it('means a day by its end, and the newest backup is the latest', async () => {
    for (const word of ['today', 'latest']) {
      const target = join(scratch, `${word}.fs`);
      const words = ['restore', word, '--to', target, '-n', '--no-blobs'];
      expect((await site.run(words, { env })).status).toBe(0);
      expect(readFileSync(target).equals(states[2] ?? Buffer.of())).toBe(true);
    }
    const before = await site.run(['show', 'yesterday'], { env });
    expect([before.status, before.stderr]).toEqual([
      1,
      expect.stringContaining('no backup is from'),
    ]);
  });

  it('that has not come yet is refused, but for scripts and repozo', async () => {
    writeFileSync(join(scratch, 'live'), readFileSync(site.dataFs));
    for (const date of ['2099-01-01', '2099-01-01 12:00']) {
      const { status, stderr } = await site.run(['restore', date, '-n'], { env });
      expect([status, stderr]).toEqual([2, expect.stringContaining('that time has not come yet')]);
      expect(stderr).toContain(`The newest backup is ${points[2]?.[1]}`);
    }
    const out = join(scratch, 'repozo.fs');
    const words = ['repozo', '-R', '-r', site.repository, '-o', out, '-D', '2099-01-01'];
    expect((await site.run(words)).status).toBe(0);
  });

  it('that the clocks showed twice is refused with both readings', async () => {
    const { status, stderr } = await site.run(['restore', '2025-10-26 02:30', '-n'], {
      env: { TZ: 'Europe/Berlin' },
    });
    expect([status, stderr]).toEqual([2, expect.stringContaining('showed that time twice: ')]);
    expect(stderr).toContain('2025-10-26 02:30:00 +02:00');
    expect(stderr).toContain('2025-10-26 02:30:00 +01:00');
  });
});
