import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scratchFolder } from '../support/scratch.ts';
import { newSite } from '../support/site.ts';
import { onTerminal } from '../support/terminal.ts';

const scratch = scratchFolder();

describe('--log-format json', () => {
  it('makes an object of each line on stderr, errors too, and has no bar on a terminal', async () => {
    const site = await newSite(scratch);
    const good = await site.runWell('backup', '--log-format', 'json', '-v');
    const lines = good.stderr.trim().split('\n');
    const objects = lines.map((line) => JSON.parse(line));
    for (const one of objects) expect(one.time).toMatch(/^\d{4}-.*Z$/);
    const levels = objects.map(({ level }) => level);
    expect(levels).toEqual(expect.arrayContaining(['info', 'debug']));
    expect(good.stderr).toContain('"level":"info","message":"Backed up: ');
    const bad = await site.run(['verify', '--location', '/nowhere', '--log-format', 'json']);
    expect(JSON.parse(bad.stderr)).toMatchObject({ level: 'error', code: 'not-found' });
    expect(bad.status).toBe(1);
    const session = onTerminal(['verify', '--log-format', 'json'], site.folder);
    await session.ended;
    for (const line of session.text().trim().split('\r\n')) JSON.parse(line);
  });

  it('gives a warning its code and its values, beside the sentence', async () => {
    const site = await newSite(scratch);
    appendFileSync(site.dataFs, 'x'.repeat(100));
    const { status, stderr } = await site.run(['backup', '--log-format', 'json']);
    expect(status).toBe(3);
    const objects = stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(objects.filter(({ level }) => level === 'warning')).toEqual([
      {
        time: expect.any(String),
        level: 'warning',
        message: expect.stringContaining('100 bytes after its last complete transaction'),
        code: 'uncommitted-tail',
        values: { source: site.dataFs, bytes: 100 },
      },
    ]);
  });

  it('does the same with advice about settings, which the exit status does not tell', async () => {
    const site = await newSite(scratch);
    const advice = {
      code: 'unknown-variable',
      values: { variable: 'ZODBVAULT_KEPT', nearest: 'ZODBVAULT_KEEP' },
      message: expect.stringContaining('ZODBVAULT_KEPT'),
    };
    const env = { ZODBVAULT_KEPT: '3' };
    const { status, stderr } = await site.run(['backup', '--log-format', 'json'], { env });
    const [first = ''] = stderr.split('\n');
    expect([status, JSON.parse(first)]).toMatchObject([0, { level: 'warning', ...advice }]);
    const lines = [
      '[backup]',
      'recipe = collective.recipe.backup',
      'kepp = 3',
      'backup_blobs = no',
    ];
    const cfg = ['[buildout]', 'parts = backup', ...lines].join('\n');
    writeFileSync(join(site.folder, 'buildout.cfg'), cfg);
    const { stdout } = await site.runWell('config', '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      warnings: [
        {
          code: 'unknown-option',
          values: { part: 'backup', option: 'kepp', nearest: 'keep' },
          message: expect.stringContaining('unknown option'),
        },
      ],
    });
  });
});
