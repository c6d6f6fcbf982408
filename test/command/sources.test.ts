import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { RECIPE_OPTIONS } from '../../src/config/resolve/option-table.ts';
import { tomlSchema } from '../../src/config/toml/json-schema.ts';
import { ONLY_IN_BUILDOUT, TOML_OPTIONS } from '../../src/config/toml/toml-options.ts';
import { blobState } from '../support/blobs.ts';
import { runProgram, zodbvault } from '../support/command.ts';
import { makeSite } from '../support/database.ts';
import { documentOf } from '../support/document.ts';
import { scratchFolder } from '../support/scratch.ts';

const scratch = scratchFolder();
let template: Promise<void> | undefined;
let made = 0;

/** A folder with a small `var`, and the built command in it. */
async function newFolder() {
  const model = join(scratch, 'model');
  template ??= makeSite(join(model, 'var/filestorage/Data.fs'), 6);
  await template;
  const folder = join(scratch, `folder-${++made}`);
  cpSync(model, folder, { recursive: true });
  const path = (name: string) => join(folder, name);
  return {
    path,
    write: (name: string, ...lines: readonly string[]) => {
      mkdirSync(join(path(name), '..'), { recursive: true });
      writeFileSync(path(name), lines.join('\n'));
    },
    run: (words: readonly string[], env: Readonly<Record<string, string>> = {}) =>
      zodbvault(words, { cwd: folder, env: { ZODBVAULT_DATA: '', ...env } }),
  };
}

const CONF = (folder: string) => [
  `%define INSTANCE ${folder}`,
  '<zodb_db main>',
  '<filestorage>',
  'path $INSTANCE/var/filestorage/Data.fs',
  '</filestorage>',
  '</zodb_db>',
];
const CLIENT = ['<zodb_db main>', '<zeoclient>', 'server a:1', '</zeoclient>', '</zodb_db>'];

describe('site without a buildout', () => {
  it('of cookiecutter-zope-instance is backed up, restored and scheduled from its instance.yaml', async () => {
    const site = await newFolder();
    mkdirSync(site.path('instance'));
    renameSync(site.path('var'), site.path('instance/var'));
    site.write(
      'instance.yaml',
      'default_context:',
      '    db_blobs_location: instance/var/blobstorage',
    );
    const dataFs = site.path('instance/var/filestorage/Data.fs');
    const before = readFileSync(dataFs);
    expect((await site.run(['backup'])).status).toBe(0);
    writeFileSync(dataFs, 'lost');
    expect((await site.run(['restore', '-n'])).status).toBe(0);
    expect(readFileSync(dataFs).equals(before)).toBe(true);
    const { stdout } = await site.run(['schedule']);
    expect(stdout).toContain(`verify -q --config ${site.path('instance.yaml')}`);
    const config = await site.run(['config']);
    expect(config.stdout).toContain(`Not taken: ${site.path('zodbvault.toml')}: it does not exist`);
    expect(config.stdout).toContain(`Taken: ${site.path('instance.yaml')}:`);
  });

  it('with a zope.conf keeps everything, unless the environment says otherwise', async () => {
    const site = await newFolder();
    site.write('etc/zope.conf', ...CONF(site.path('.')));
    const settings = await site.run(['config', '--json'], {
      COLLECTIVE_BACKUP_KEEP: '7',
      DEBUG: '1',
    });
    const found = documentOf(settings).sites[0].settings;
    const named = (name: string) =>
      (found as readonly { readonly name: string }[]).find((one) => one.name === name);
    expect(named('keep')).toEqual({
      name: 'keep',
      value: '7',
      from: 'the environment variable COLLECTIVE_BACKUP_KEEP',
    });
    expect(named('debug')).toMatchObject({ value: 'false' });
    expect(named('datafs')).toMatchObject({ from: `${site.path('etc/zope.conf')}:3` });
    site.write('zeo.conf', '<filestorage 1>', 'path', '</filestorage', '');
    const choice = await site.run(['config']);
    expect([choice.status, choice.stdout]).toEqual([
      2,
      expect.stringContaining(`Not taken: ${site.path('zeo.conf')}: Cannot read`),
    ]);
    expect(choice.stderr).toContain(
      `Hint: Correct "${site.path('zeo.conf')}", or use the other file: --config ${site.path('etc/zope.conf')}.`,
    );
    rmSync(site.path('zeo.conf'));
    site.write('buildout.cfg', '[buildout', '');
    const beside = await site.run(['backup', '--dry-run']);
    expect([beside.status, beside.stderr]).toEqual([
      2,
      expect.stringContaining(`which file counts: --config ${site.path('etc/zope.conf')}.`),
    ]);
    rmSync(site.path('buildout.cfg'));
    const secret = ['%define WORD $(SECRET)', 'password $WORD'];
    site.write('etc/zope.conf', ...secret, ...CONF('$(PLACE)'));
    const env = { PLACE: site.path('.'), SECRET: 'secret', ZODBVAULT_KEEP: '3' };
    const scheduled = await site.run(['schedule'], env);
    expect(scheduled.stdout).toContain(` PLACE=${env.PLACE} `);
    expect(scheduled.stdout).not.toContain('secret');
    const part = await site.run(['list', '-c', 'etc/zope.conf', '--part', 'x'], env);
    expect([part.status, part.stderr]).toEqual([2, expect.stringContaining('it has no parts')]);
    const none = await site.run(['list', '--part', 'backup'], env);
    expect([none.status, none.stderr]).toEqual([2, expect.stringContaining('there are no parts')]);
    await site.run(['backup'], env);
    const other = await site.run(['list', '--kind', 'alternative'], env);
    expect(other.stderr).toBe('backup has no backups of the kind "alternative"\n');
    const live = readFileSync(site.path('var/filestorage/Data.fs'));
    writeFileSync(site.path('var/filestorage/Data.fs'), 'another');
    const restored = await site.run(['restore', '-n', '--force'], env);
    const undo = restored.stderr.split('\n').find((one) => one.includes(' --undo')) ?? '';
    expect(undo).toContain(`PLACE=${env.PLACE} `);
    expect(undo).not.toContain('KEEP');
    expect(readFileSync(site.path('var/filestorage/Data.fs')).equals(live)).toBe(true);
    const pasted = await runProgram('/bin/sh', ['-c', `${undo} -n`], { cwd: '/' });
    expect([pasted.status, readFileSync(site.path('var/filestorage/Data.fs'), 'utf8')]).toEqual([
      ...[0, 'another'],
    ]);
    site.write('etc/zope.conf', ...CLIENT);
    rmSync(site.path('var/backups'), { recursive: true });
    const { status, stderr } = await site.run(['backup']);
    expect([status, stderr]).toEqual([
      1,
      expect.stringContaining('it is a client of the ZEO server'),
    ]);
    expect(existsSync(site.path('var/backups'))).toBe(false);
    // A template beside what the server runs with.
    site.write('instance.yaml', 'default_context:', '    db_storage: direct');
    const stale = await site.run(['backup']);
    expect([stale.status, stale.stderr]).toEqual([
      1,
      expect.stringContaining(`but by "${site.path('etc/zope.conf')}", it is elsewhere`),
    ]);
    expect(stale.stderr).toContain(`confirm it with --config ${site.path('instance.yaml')}.`);
    site.write('etc/zeo.conf', ...CONF(site.path('.')).slice(0, 1), ...CONF('').slice(2, 5));
    const server = await site.run(['config']);
    expect(server.stdout).toContain(`\nTaken: ${site.path('etc/zeo.conf')}: `);
  });

  it('with relative paths in its zope.conf says where they begin, where the data is not there', async () => {
    const site = await newFolder();
    const lines = ['<zodb_db main>', '<filestorage>', 'path Data.fs', '</filestorage>'];
    site.write('etc/zope.conf', ...lines, '</zodb_db>');
    const { stderr } = await site.run(['config']);
    expect(stderr).toContain(`there is no Data.fs "${site.path('Data.fs')}"`);
    expect(stderr).toContain(
      `otherwise correct this (relative paths in "${site.path('etc/zope.conf')}" begin at "${site.path('.')}", the folder above etc)`,
    );
    site.write('etc/zope.conf', 'instancehome var/filestorage', ...lines, '</zodb_db>');
    const corrected = await site.run(['config']);
    expect([corrected.status, corrected.stderr]).toEqual([0, '']);
  });

  it('whose parts cannot be looked at is not taken for one without them', async () => {
    const site = await newFolder();
    symlinkSync('parts', site.path('parts'));
    const { status, stderr } = await site.run(['backup']);
    const line = `Error: Cannot use "${site.path('parts')}": it is a link, or links lead in a circle.`;
    expect([status, stderr]).toEqual([1, expect.stringContaining(line)]);
    expect(existsSync(site.path('var/backups'))).toBe(false);
  });

  it('with a buildout.cfg that has no backup part, and no Data.fs, is told of both', async () => {
    const site = await newFolder();
    site.write('empty/buildout.cfg', '[buildout]', 'parts =', '');
    const options = { cwd: site.path('empty'), env: { ZODBVAULT_DATA: '' } };
    const { status, stderr } = await zodbvault(['backup'], options);
    expect([status, stderr]).toEqual([1, expect.stringContaining('Cannot find a Data.fs: ')]);
    expect(stderr).toContain('The buildout.cfg here has no backup part');
  });

  it('in a container is found in its volume, unless its data is elsewhere', async () => {
    const site = await newFolder();
    const elsewhere = { ZODBVAULT_DATA: site.path('var') };
    mkdirSync(site.path('work'));
    const run = (env: Readonly<Record<string, string>>) =>
      zodbvault(['backup'], { cwd: site.path('work'), env: { ...elsewhere, ...env } });
    for (const variable of ['ZEO_ADDRESS', 'RELSTORAGE_DSN']) {
      const { status, stderr } = await run({ [variable]: 'x' });
      expect([status, stderr]).toEqual([1, expect.stringContaining(`${variable} is set`)]);
    }
    const { status, stderr } = await run({ ZODBVAULT_KEPT: '3' });
    expect([status, stderr]).toEqual([0, expect.stringContaining('did you mean ZODBVAULT_KEEP?')]);
    expect(existsSync(site.path('var/backups'))).toBe(true);
    const quiet = await zodbvault(['backup', '-q'], {
      cwd: site.path('work'),
      env: {
        ...{ ...elsewhere, ZODBVAULT_KEPT: '3' },
        ...{ ZODBVAULT_LOCATION: site.path('own'), ZODBVAULT_BLOBBACKUPLOCATION: 'own-blobs' },
      },
    });
    expect([quiet.status, quiet.stderr]).toEqual([0, '']);
    expect(readdirSync(site.path('work'))).toEqual(['own-blobs']);
    expect(readdirSync(site.path('own')).length).toBeGreaterThan(0);
    const named = {
      DATAFS: site.path('var/filestorage/Data.fs'),
      BLOBSTORAGE: site.path('var/blobstorage'),
      BACKUP_LOCATION: site.path('var/backups'),
    };
    const listed = await site.run(['list', '-q'], named);
    expect([listed.status, listed.stderr]).toEqual([0, '']);
  });

  it('in a volume that ZODBVAULT_DATA names is restored to it, also where only its backups are left', async () => {
    const site = await newFolder();
    mkdirSync(site.path('work'));
    const dataFs = site.path('var/filestorage/Data.fs');
    const before = readFileSync(dataFs);
    const run = (words: readonly string[], volume = '../var') =>
      zodbvault(words, { cwd: site.path('work'), env: { ZODBVAULT_DATA: volume } });
    expect((await run(['backup'])).status).toBe(0);
    const blobs = readdirSync(site.path('var/blobstorage'));
    for (const name of ['filestorage', 'blobstorage'])
      rmSync(site.path(`var/${name}`), { recursive: true });
    const early = await run(['backup']);
    expect([early.status, early.stderr]).toEqual([
      1,
      expect.stringContaining(`ZODBVAULT_DATA names "${site.path('var')}"`),
    ]);
    expect((await run(['list', '--json'])).stdout).toContain('"found"');
    expect((await run(['restore', '-n'])).status).toBe(0);
    expect(readFileSync(dataFs).equals(before)).toBe(true);
    expect(readdirSync(site.path('var/blobstorage'))).toEqual(
      blobs.filter((name) => name !== 'tmp'),
    );
    // A Data.fs in the folder of the command is not what a mistyped variable means.
    cpSync(dataFs, site.path('work/Data.fs'));
    for (const words of [['backup'], ['list'], ['restore', '-n']]) {
      const { status, stderr } = await run(words, site.path('vra'));
      expect([status, stderr]).toEqual([
        1,
        expect.stringContaining(`there is no folder "${site.path('vra')}", which ZODBVAULT_DATA`),
      ]);
    }
    expect(readdirSync(site.path('work'))).toEqual(['Data.fs']);
  });
});

describe('what is scheduled', () => {
  it('has what the environment says, but for secrets: of them, it warns', async () => {
    const site = await newFolder();
    const env = {
      ZODBVAULT_KEEP: '1',
      COLLECTIVE_BACKUP_GZIP: 'false',
      ZODBVAULT_PING_URL: 'https://health.example/secret',
    };
    const { stdout, stderr, status } = await site.run(['schedule'], env);
    expect([status, stderr]).toEqual([0, expect.stringContaining('ZODBVAULT_PING_URL is set')]);
    expect(stdout + stderr).not.toContain('secret');
    const line = stdout.split('\n').find((one) => one.includes(' backup -q ')) ?? '';
    expect(line).toContain(' ZODBVAULT_KEEP=1 ZODBVAULT_GZIP=false ');
    // As cron runs it: in an environment of its own.
    const command = line.split(' ').slice(5).join(' ');
    const words = ['-i', `PATH=${process.env['PATH']}`, '/bin/sh', '-c', command];
    execFileSync('/usr/bin/env', words, { cwd: '/' });
    expect(readdirSync(site.path('var/backups')).some((name) => name.endsWith('.fs'))).toBe(true);
    const units = await site.run(['schedule', '--systemd', 'user'], env);
    expect(units.stdout).toContain('\nEnvironment=ZODBVAULT_KEEP=1\n');
  });
});

describe('folder with nothing but a Data.fs', () => {
  it('is found last, backed up, restored, even when it is lost, and scheduled', async () => {
    const site = await newFolder();
    const bare = (name = '') => site.path(`bare/${name}`);
    mkdirSync(bare());
    renameSync(site.path('var/filestorage/Data.fs'), bare('Data.fs'));
    const run = async (...words: readonly string[]) => {
      const options = { cwd: bare(), env: { ZODBVAULT_DATA: '' } };
      const finished = await zodbvault(words, options);
      expect([words, finished.status, finished.stderr]).toEqual([words, 0, expect.any(String)]);
      return finished;
    };
    const before = readFileSync(bare('Data.fs'));
    const config = await run('config');
    expect(config.stdout).toContain(`Taken: ${bare('Data.fs')}: nothing before it was there`);
    await run('backup');
    expect(existsSync(bare('backups'))).toBe(true);
    rmSync(bare('Data.fs'));
    await run('list');
    await run('restore');
    expect(readFileSync(bare('Data.fs')).equals(before)).toBe(true);
    expect((await run('schedule')).stdout).toContain(`# begin zodbvault "${bare().slice(0, -1)}"`);
    const elsewhere = ['--datafs', 'Data.fs', '--location', 'kept', '--no-blobs'];
    const { stdout } = await run('config', ...elsewhere);
    expect(stdout).toContain(bare('kept'));
    await run('init', ...elsewhere);
    const text = readFileSync(bare('zodbvault.toml'), 'utf8');
    expect(text).toContain('\nlocation = "kept"\n');
    expect(text).toMatch(/^backup_blobs = false$/m);
    await run('backup');
    expect(existsSync(bare('kept'))).toBe(true);
  });
});

describe('zodbvault.toml', () => {
  it.each([
    ['locationprefix = "kept"'],
    ['location = "kept/backups"', 'blobbackuplocation = "kept/blobs"'],
  ])('knows by its backups that there were blobs: %s', async (...lines) => {
    const site = await newFolder();
    site.write('zodbvault.toml', ...lines);
    expect((await site.run(['backup'])).status).toBe(0);
    renameSync(site.path('var/blobstorage'), site.path('away'));
    const missing = await site.run(['backup', '--full']);
    expect([missing.status, missing.stderr]).toEqual([1, expect.stringContaining('blobstorage')]);
    rmSync(site.path('var'), { recursive: true });
    expect((await site.run(['restore', '-n'])).status).toBe(0);
    expect(blobState(site.path('var/blobstorage'))).toEqual(blobState(site.path('away')));
  });

  it('is written by init, never twice, and says what init found', async () => {
    const site = await newFolder();
    const planned = await site.run(['init', '--json', '--dry-run']);
    expect(documentOf(planned)).toMatchObject({
      ...{ outcome: 'planned', path: site.path('zodbvault.toml') },
      content: expect.stringContaining('\nkeep = 0\n'),
    });
    expect((await site.run(['init'])).status).toBe(0);
    const text = readFileSync(site.path('zodbvault.toml'), 'utf8');
    expect(text).toContain('\ndatafs = "var/filestorage/Data.fs"\n');
    // It deletes no more than was deleted without it.
    expect(text).toMatch(/^keep = 0$/m);
    expect(text).toMatch(/^keep_blob_days = 0$/m);
    expect((await site.run(['init'])).status).toBe(1);
    expect(readFileSync(site.path('zodbvault.toml'), 'utf8')).toBe(text);
    expect((await site.run(['backup'])).status).toBe(0);
    expect(existsSync(site.path('var/backups'))).toBe(true);
    expect((await site.run(['install', '-c', 'zodbvault.toml'])).status).toBe(2);
  });

  it('removes nothing that nobody asked to remove', async () => {
    const site = await newFolder();
    const fulls = (folder: string) =>
      readdirSync(site.path(folder)).filter((name) => name.endsWith('.fsz')).length;
    site.write('zodbvault.toml', 'post_command = "true"');
    for (let run = 1; run <= 4; run += 1)
      expect((await site.run(['backup', '--full'])).status).toBe(0);
    expect(fulls('var/backups')).toBe(4);
    // A zip is for taking away.
    for (let run = 1; run <= 2; run += 1) {
      expect((await site.run(['backup', '--kind', 'zip'])).status).toBe(0);
    }
    expect(fulls('var/zipbackups')).toBe(1);
    site.write('zodbvault.toml', 'keep = 3');
    expect((await site.run(['backup', '--full'])).status).toBe(0);
    expect(fulls('var/backups')).toBe(3);
  });

  it('says all its problems at once, with lines and the nearest option', async () => {
    const site = await newFolder();
    site.write(
      'zodbvault.toml',
      'kep = 3',
      'quick = "yes"',
      'compatible = "2.3"',
      '[sites.x]',
      'location = 3',
    );
    const { status, stderr } = await site.run(['backup']);
    const at = (line: number) => `${site.path('zodbvault.toml')}:${line}: `;
    expect(status).toBe(2);
    expect(stderr).toContain(`${at(1)}kep: unknown option; did you mean "keep"?`);
    expect(stderr).toContain(`${at(2)}quick: write true or false`);
    expect(stderr).toContain(`${at(3)}compatible: not here; the rules are those of 6.0`);
    expect(stderr).toContain(`${at(5)}location: write a string, in quotes`);
    site.write('zodbvault.toml', 'keep = ');
    expect((await site.run(['backup'])).stderr).toContain(`Cannot read ${at(1).slice(0, -2)}`);
  });

  it('is judged by what its own table and the lines above all say, where one site is meant', async () => {
    const site = await newFolder();
    const write = (...lines: readonly string[]) => site.write('zodbvault.toml', ...lines);
    const good = ['[sites.good]', 'datafs = "var/filestorage/Data.fs"'];
    const words = ['backup', '--dry-run', '--part', 'good'];
    write(...good, '[sites.bad]', 'kep = 3', '[sites."no name"]', 'sites.odd = 3');
    expect((await site.run(words)).status).toBe(0);
    const all = await site.run(['config']);
    expect(all.stderr).toContain(`${site.path('zodbvault.toml')}:4: kep: unknown option`);
    expect(all.stderr).toContain('"no name" is no name for a site');
    write(...good, '[sites.bad]', 'keep = 1', 'ping_url = "x"', '[sites.worse]', 'ping_url = "y"');
    expect((await site.run(words)).status).toBe(0);
    const { status, stderr } = await site.run(['list']);
    expect([status, stderr]).toEqual([2, expect.stringContaining('Cannot use the site "bad"')]);
    expect(stderr).toContain('Cannot use the site "worse"');
    write('kep = 3', ...good);
    expect((await site.run(words)).stderr).toContain('zodbvault.toml:1: kep: unknown option');
    write(...good, '[sites.bad]', 'keep =');
    expect((await site.run(words)).stderr).toContain('zodbvault.toml:4:');
  });

  it('refuses sites with their backups in one folder, or in those of another, by whatever names', async () => {
    const site = await newFolder();
    mkdirSync(site.path('real'));
    symlinkSync(site.path('real'), site.path('link'));
    const write = (one: string, two: string) =>
      site.write(
        'zodbvault.toml',
        ...['backup_blobs = false', '[sites.a]', `location = "${one}"`],
        ...['[sites.b]', `location = "${two}"`],
      );
    for (const [one, two, words] of [
      ['real/x', 'link/x', `both have their backups in "${site.path('link/x')}"`],
      ['real', 'link/x', `"${site.path('link/x')}" is inside "${site.path('real')}"`],
      ['real/x/y', 'real/x', `"${site.path('real/x/y')}" is inside "${site.path('real/x')}"`],
    ] as const) {
      write(one, two);
      const { status, stderr } = await site.run(['backup', '--dry-run']);
      expect([status, stderr]).toEqual([2, expect.stringContaining(words)]);
      expect(stderr).toContain('the sites "a" and "b"');
    }
    write('real/x', 'real/xy');
    expect((await site.run(['backup', '--dry-run'])).status).toBe(0);
  });

  it('holds several sites above their common options; a restore needs a name', async () => {
    const site = await newFolder();
    cpSync(site.path('var'), site.path('other/var'), { recursive: true });
    site.write(
      'zodbvault.toml',
      ...['keep = 3', 'locationprefix = "kept"', 'rsync_options = ["--exclude", "a b"]'],
      ...['[sites.one]', '[sites.two]', 'keep = 1', 'datafs = "other/var/filestorage/Data.fs"'],
      ...[
        '[[sites.two.additional_filestorages]]',
        'name = "same"',
        'datafs = "var/filestorage/Data.fs"',
      ],
    );
    expect((await site.run(['backup'])).status).toBe(0);
    for (const name of ['ones', 'one-blobstorages', 'twos', 'twos_same', 'two-blobstorages']) {
      expect([name, existsSync(site.path(`kept/${name}`))]).toEqual([name, true]);
    }
    expect((await site.run(['restore', '-n'])).stderr).toContain('several sites (one, two)');
    expect((await site.run(['restore', '-n', '--part', 'one'])).status).toBe(0);
    const { stdout } = await site.run(['config', 'two']);
    expect(stdout).toMatch(new RegExp(`keep +1 +${site.path('zodbvault.toml')}:6`));
  });
});

describe('table of options', () => {
  it('is the published schema, and all of the recipe that means something without a buildout', () => {
    const docs = join(import.meta.dirname, '../../docs');
    const schema = JSON.parse(
      readFileSync(join(docs, 'reference/zodbvault.schema.json'), 'utf8'),
    ) as unknown;
    expect(schema).toEqual(tomlSchema());
    const all = [...Object.keys(TOML_OPTIONS), ...Object.keys(ONLY_IN_BUILDOUT)];
    expect(Object.keys(RECIPE_OPTIONS).filter((name) => !all.includes(name))).toEqual([]);
  });
});
