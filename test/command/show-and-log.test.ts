import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openDatabase } from '../support/database.ts';
import { documentOf } from '../support/document.ts';
import { scratchFolder } from '../support/scratch.ts';
import { newSite } from '../support/site.ts';

const scratch = scratchFolder();
/** No program that reads the table wants it cut. */
const LONG = ' and more'.repeat(20);

describe('a restore point that is looked into', () => {
  it('shows its size, transactions, current objects by class, and blobs', async () => {
    const site = await newSite(scratch, 40);
    await site.runWell('backup');
    const [shown] = documentOf(await site.runWell('show', '--json')).points;
    const [{ counts: deep }] = documentOf(await site.runWell('verify', '--deep', '--json')).points;
    expect(shown.transactions).toBe(40);
    expect(shown.records).toBe(deep.records);
    // Every object that there is, but for those of which the creation was undone.
    expect(shown.objects).toBeLessThanOrEqual(deep.objects);
    expect(shown.objects).toBeGreaterThan(deep.objects - 20);
    const sum = shown.classes.reduce(
      (all: number, one: { sizeBytes: number }) => all + one.sizeBytes,
      0,
    );
    expect(sum).toBe(shown.objectBytes);
    expect(shown.blobs).toMatchObject({ state: 'found', files: expect.any(Number) });
    const { stdout } = await site.runWell('show');
    expect(stdout).toMatch(/Data, [\d-]{19} \(UTC\): \d+ kB, 40 transactions, \d+ records/);
    expect(stdout).toMatch(/persistent\.mapping\.PersistentMapping +\d+ +[\d.]+ kB/);
  });

  it('lists its transactions, newest first, as they are wanted', async () => {
    const site = await newSite(scratch, 12);
    {
      await using writer = await openDatabase(site.dataFs);
      const state = { kind: 'mapping', data: new Map([['a', 'b']]) } as const;
      const description = `/site/evil\x1b[2J\r\nError: all is lost${LONG}`;
      const user = 'mallory\u202e\x07';
      const changes = [{ kind: 'state', oid: writer.newOid(), state }] as const;
      await writer.commit({ changes, user, description });
    }
    await site.runWell('backup');
    const { stdout } = await site.runWell('log');
    expect(stdout.trimEnd().split('\n')).toHaveLength(14);
    expect(stdout).toContain(LONG);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: none of them may come out.
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
    const logOf = async (...words: readonly string[]): Promise<readonly { tid: string }[]> =>
      documentOf(await site.runWell('log', '--json', ...words)).transactions;
    const ofPoint = await logOf('--limit', '99');
    const ofFile = await logOf(site.dataFs);
    const ofNothing = { site: '', storage: '', kind: '', dataFs: '' };
    const withoutName = (all: readonly object[]) => all.map((one) => ({ ...one, ...ofNothing }));
    expect(withoutName(ofFile)).toEqual(withoutName(ofPoint));
    expect(ofPoint).toHaveLength(13);
    expect(ofPoint.map(({ tid }) => tid)).toEqual(
      ofPoint.map(({ tid }) => tid).sort((a, b) => (a < b ? 1 : -1)),
    );
    expect(ofPoint[0]).toMatchObject({
      objects: 1,
      classes: [{ name: 'persistent.mapping.PersistentMapping', objects: 1 }],
      description: `/site/evil\x1b[2J\r\nError: all is lost${LONG}`,
    });
    expect((await site.runWell('log')).stderr).not.toContain('newest');
    expect((await site.runWell('log', '--limit', '3')).stderr).toContain(
      'These are the newest 3 of 13 transactions. --limit 13 shows all',
    );
    const wanted = ['--user', 'MALLORY', '--path', '/site/evil', '--limit', '3'];
    expect(await logOf(...wanted)).toHaveLength(1);
    expect((await site.runWell('log', '--until', '1999-01-01')).stderr).toContain('No transaction');
    expect(await logOf('--since', '1999-01-01')).toHaveLength(13);
  });

  it('is named when there is none', async () => {
    const site = await newSite(scratch, 3);
    await site.runWell('backup');
    for (const words of [
      ['show', '1999-01-01'],
      ['log', '1999-01-01'],
      ['log', join(site.folder, 'nothing.fs')],
      ['log', 'nothing.fs'],
    ]) {
      const { status, stderr } = await site.run(words);
      expect([status, stderr]).toEqual([1, expect.stringMatching(/1999-01-01|nothing\.fs/)]);
      expect(stderr).not.toMatch(/restore(?! point)/);
    }
  });

  it('is told from those of other sites, and which there are is said', async () => {
    const site = await newSite(scratch, 3);
    const lines = ['backup_blobs = false', '[sites.one]', 'location = "one"', '[sites.two]', ''];
    writeFileSync(join(site.folder, 'zodbvault.toml'), lines.join('\n'));
    await site.runWell('backup', '--part', 'one');
    const [name = ''] = readdirSync(join(site.folder, 'one')).filter((one) => one.endsWith('fsz'));
    const choice = 'one after the other: one/Data, two/Data; choose with --part NAME';
    const shown = await site.runWell('show');
    expect(shown.stdout).toContain(`one/Data, ${name.slice(0, 19)} (UTC)`);
    expect(shown.stderr).toContain(choice);
    expect(shown.stderr).toContain('Note: two/Data: ');
    const logged = await site.runWell('log');
    expect([logged.stdout.split('\n')[0], logged.stderr]).toEqual([
      'one/Data',
      expect.stringContaining(choice),
    ]);
    expect((await site.runWell('show', '--part', 'one')).stderr).not.toContain('several');
    for (const words of [['list'], ['history'], ['report'], ['verify']] as const) {
      const { status, stdout, stderr } = await site.run(words);
      expect([...words, status]).toEqual([...words, words[0] === 'verify' ? 1 : 3]);
      const kind = words[0] === 'verify' ? 'Error' : 'Warning';
      expect(stderr).toContain(`${kind}: two: Cannot `);
      expect(stdout + stderr).toMatch(/ one {2}.*2\d{3}-|\[one\]\n|Wrote|one: 1 backup intact/);
    }
    const nowhere = await site.run(['show', '--part', 'one', '--storage', 'catalog']);
    expect([nowhere.status, nowhere.stderr]).toEqual([2, expect.stringContaining('these: Data.')]);
    await site.runWell('backup', '--part', 'two');
    expect((await site.runWell('diff', name.slice(0, 19))).stdout).toMatch(/^one\/Data, from/);
    expect((await site.runWell('test-restore')).stderr).toContain('A restore of two/Data as of');
    writeFileSync(join(site.folder, 'one', name), 'lost');
    expect((await site.run(['verify'])).stderr).toContain(
      `one/Data: a backup is not intact: Cannot decompress "${name}": `,
    );
    expect((await site.run(['verify', '--deep'])).stderr).toContain(
      `one/Data: ${name.slice(0, 19)}: `,
    );
  });
});
