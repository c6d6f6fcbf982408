import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { zodbvault } from '../support/command.ts';
import { scratchFolder } from '../support/scratch.ts';
import { sameBytes } from '../support/site.ts';

const scratch = scratchFolder();
const SCREEN_LINES = 24;
const SCREEN_COLUMNS = 100;

describe('zodbvault demo', () => {
  it('plays the main job on one screen, and its last words work', async () => {
    const { status, stdout, stderr } = await zodbvault(['demo', 'sample'], { cwd: scratch });
    expect([status, stdout]).toEqual([0, '']);
    const lines = stderr.trimEnd().split('\n');
    expect(lines.length).toBeLessThanOrEqual(SCREEN_LINES);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(SCREEN_COLUMNS);
    const [, transactions = 0, objects = 0, blobs = 0] =
      /(\d+) transactions, ([\d,]+) objects, (\d+) blobs/
        .exec(stderr)
        ?.map((text) => Number(text.replace(',', ''))) ?? [];
    expect([transactions > 200, objects > 2000, blobs > 20]).toEqual([true, true, true]);
    expect(stderr).toMatch(new RegExp(`^2\\. Backed it up .*, and ${blobs} blobs$`, 'm'));
    expect(stderr).toMatch(/Compared all \d+ bytes of Data\.fs .*: the same/);
    const folder = join(scratch, 'sample');
    expect(
      sameBytes(join(folder, 'var/filestorage/Data.fs'), join(folder, 'original-Data.fs')),
    ).toBe(true);
    expect(stderr).toContain('the first backup, and its .index');
    for (const name of readdirSync(folder).filter((one) => !one.endsWith('.index'))) {
      expect(stderr).toMatch(new RegExp(`^  ${name}\\b`, 'm'));
    }
    const first = readFileSync(join(folder, 'first-backup-Data.fs'));
    const original = readFileSync(join(folder, 'original-Data.fs'));
    expect(original.subarray(0, first.length).equals(first)).toBe(true);
    for (const words of [
      ['list'],
      ['verify', '-v'],
      ['restore', '--dry-run'],
      ['backup', '--full'],
    ]) {
      expect(stderr).toContain(words.join(' '));
      expect((await zodbvault(words, { cwd: folder })).status).toBe(0);
    }
  });

  it('takes away what it made when it is interrupted, and nothing else', async () => {
    const folder = join(scratch, 'stopped');
    let isSent = false;
    const { status } = await zodbvault(['demo', folder], {
      onStderr: (_, kill) => {
        if (!isSent) kill('SIGINT');
        isSent = true;
      },
    });
    expect([status, existsSync(folder)]).toEqual([130, false]);
  });

  it('refuses a folder with something in it, and leaves that alone', async () => {
    const folder = join(scratch, 'mine');
    mkdirSync(folder);
    writeFileSync(join(folder, 'thesis.txt'), 'all my work');
    const { status, stderr } = await zodbvault(['demo', folder], { cwd: scratch });
    expect([status, stderr]).toEqual([1, expect.stringContaining('it is not empty')]);
    expect(readdirSync(folder)).toEqual(['thesis.txt']);
  });
});
