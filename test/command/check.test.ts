import { chmodSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { newBuildoutSite, recipeCfg } from '../support/buildout-site.ts';
import { COMMAND, runProgram } from '../support/command.ts';
import { documentOf } from '../support/document.ts';
import { scratchFolder } from '../support/scratch.ts';
import { newSite } from '../support/site.ts';

const scratch = scratchFolder();
/** `'label'=value[UOM];warn;crit;min`, one after the other. */
const DATA = /^('[^'=|]+'=\d+(s|B)?;\d*:?;\d*:?;0( |$))+$/;
const MOUNTED = ['--free', 'off']; // The disk of the machine that tests may be full.

describe('zodbvault check', () => {
  it('says in one line, with numbers and an exit status, how the backups are', async () => {
    const site = await newSite(scratch, 3);
    const before = await site.run(['check', ...MOUNTED]);
    expect([before.status, before.stdout]).toEqual([2, expect.stringContaining('CRITICAL')]);
    await site.runWell('backup');
    await site.runWell('verify');
    const metrics = join(site.folder, 'zodbvault.prom');
    const good = await site.run(['check', ...MOUNTED, '--metrics', metrics]);
    expect([good.status, good.stderr]).toEqual([0, '']);
    const [text = '', data = '', ...more] = good.stdout.trimEnd().split(' | ');
    expect(more).toEqual([]);
    expect(text).toMatch(
      /^ZODBVAULT OK - backed up \d min ago, verified \d min ago, never test-restored/,
    );
    expect(data).toMatch(DATA);
    expect(data).toMatch(/'backup_age'=\d+s;93600;180000;0 'verify_age'=\d+s;691200;1900800;0/);
    const written = readFileSync(metrics, 'utf8');
    expect(written).toMatch(
      /^(# (HELP|TYPE) zodbvault_\w+ .+\n|zodbvault_\w+(\{.+\})? [\d.]+\n)+$/,
    );
    expect(written).toMatch(/last_verify_timestamp_seconds\{part="backup",storage="Data"\} 1\d{9}/);
    expect(written).toContain('zodbvault_check_status{part="backup"} 0');
    expect(statSync(metrics).mode & 0o777).toBe(0o644);
    expect(readdirSync(site.folder).sort()).toEqual(['var', 'zodbvault.prom']);
  });

  it('says that there is no backup yet, and what it knows of the last run', async () => {
    const site = await newSite(scratch, 3);
    const check = async () => {
      const { status, stdout } = await site.run(['check', ...MOUNTED]);
      return [status, stdout];
    };
    const none = `ZODBVAULT CRITICAL - no backup yet in "${site.repository}"`;
    expect(await check()).toEqual([2, `${none}\n`]);
    writeFileSync(site.dataFs, 'no database');
    await site.run(['backup']);
    const why = `Cannot read "${site.dataFs}" as a Data.fs: it begins with "no d", not with`;
    expect(await check()).toEqual([
      2,
      expect.stringContaining(`${none}; the last backup failed: ${why}`),
    ]);
    const log = join(site.repository, '.zodbvault.runs.jsonl');
    const { code: _, message: __, ...run } = JSON.parse(readFileSync(log, 'utf8'));
    writeFileSync(log, `${JSON.stringify({ ...run, result: 'begun' })}\n`);
    expect(await check()).toEqual([2, `${none}; the last backup was killed\n`]);
  });

  it.skipIf(process.getuid?.() !== 0)(
    'says why the log of the last run cannot be read (needs root, to give its rights up)',
    async () => {
      const site = await newSite(scratch, 3);
      writeFileSync(site.dataFs, 'no database');
      await site.run(['backup']);
      chmodSync(join(site.repository, '.zodbvault.runs.jsonl'), 0o000);
      const without = ['--bounding-set=-dac_override,-dac_read_search', '--inh-caps=-all'];
      const words = [...without, process.execPath, COMMAND, 'check', ...MOUNTED];
      const { status, stdout } = await runProgram('setpriv', words, { cwd: site.folder });
      expect([status, stdout]).toEqual([
        2,
        expect.stringMatching(
          /no backup yet in .*"; Cannot read .*runs\.jsonl": permission denied/,
        ),
      ]);
    },
  );

  it('warns from a limit on, is critical from another on, and names what is worst first', async () => {
    const site = await newSite(scratch, 3);
    await site.runWell('backup', '--no-gzip');
    const old = await site.run(['check', ...MOUNTED, '--backup-age', '0s:9d']);
    expect([old.status, old.stdout]).toEqual([1, expect.stringMatching(/^ZODBVAULT WARNING - ba/)]);
    const full = await site.run(['check', '--free', '999999TB:99999TB', '--backup-age', 'off']);
    expect([full.status, full.stdout]).toEqual([2, expect.stringMatching(/CRITICAL - .* free \(/)]);
    const never = await site.run(['check', ...MOUNTED, '--test-restore-age', '0s:9d']);
    expect([never.status, never.stdout]).toEqual([
      1,
      expect.stringContaining('- never test-restored'),
    ]);
    const content = readFileSync(site.dataFs);
    writeFileSync(site.dataFs, 'no database | at all');
    await site.run(['backup']);
    const failed = await site.run(['check', ...MOUNTED]);
    expect(failed.status).toBe(1);
    expect(failed.stdout).toContain('WARNING - the last backup failed: Cannot');
    writeFileSync(site.dataFs, content);
    await site.runWell('backup');
    rmSync(join(site.repository, site.dataFiles()[0] ?? ''));
    const gone = await site.run(['check', ...MOUNTED]);
    expect([gone.status, gone.stdout]).toEqual([2, expect.stringContaining('CRITICAL - ')]);
    expect(gone.stdout.trimEnd().split('\n')).toHaveLength(1);
  });

  it('tells the parts of a buildout apart', async () => {
    const second = '[second]\nrecipe = collective.recipe.backup\nlocation = second\n';
    const site = await newBuildoutSite(
      scratch,
      recipeCfg(['backup_blobs = false'], { more: `${second}backup_blobs = false\n` }),
    );
    await site.run(['backup', '--part', 'backup']);
    const { status, stdout } = await site.run(['check', ...MOUNTED, '--metrics', 'm.prom']);
    expect(status).toBe(2);
    expect(stdout).toMatch(/CRITICAL - second: .*, backup: backed up .*'backup\/backup_age'=/);
    const written = readFileSync(site.path('m.prom'), 'utf8');
    expect(written).toContain('zodbvault_check_status{part="backup"} 0');
    expect(written).toContain('zodbvault_check_status{part="second"} 2');
  });

  it('has for programs a code and values beside each text', async () => {
    const site = await newSite(scratch, 3);
    await site.runWell('backup');
    const { findings } = documentOf(await site.runWell('check', '--json'));
    expect(findings).toContainEqual(
      expect.objectContaining({
        state: 'ok',
        message: '1 restore point complete',
        code: 'restore-points-whole',
        values: { count: 1 },
      }),
    );
  });

  it.each([
    ['an unknown option', ['--bogus']],
    ['limits in the wrong order', ['--backup-age', '2h:1h']],
    ['a buildout that is not there', ['--config', 'nothing.cfg']],
    ['metrics that nobody would read', ['--metrics', 'm.txt']],
    ['metrics that can not be written', ['--metrics', '/nowhere/x.prom']],
  ])('is unknown, status 3, for %s', async (_, words) => {
    const site = await newSite(scratch, 3);
    const { status, stdout } = await site.run(['check', ...words]);
    expect([status, stdout]).toEqual([3, expect.stringMatching(/^ZODBVAULT UNKNOWN - .+\n$/)]);
    const json = await site.run(['check', ...words, '--json']);
    const error = { message: expect.any(String), hint: expect.any(String) };
    const unknown = { status: 3, state: 'UNKNOWN', errors: [error] };
    expect(documentOf(json)).toMatchObject(unknown);
  });
});
