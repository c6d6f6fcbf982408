/** A wheel as `packaging/wheel.ts` makes it, with a small script in place of the executable. */
import { mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { encodeWheel, type Wheel, wheelName } from '../packaging/wheel-file.ts';
import { runProgram } from './support/command.ts';
import { findPython, runPython } from './support/python.ts';
import { scratchFolder } from './support/scratch.ts';

const scratch = scratchFolder();
const python = findPython('venv', 'ensurepip');
const timeZone = process.env['TZ'];

const WHEEL: Wheel = {
  name: 'zodbvault',
  version: '0.1.0',
  tag: 'py3-none-any',
  fields: [['Summary', 'Backup and restore']],
  description: '# zodbvault\n\nBackup – and restore.\n',
  licences: { 'one/LICENSE': Buffer.from('Do with it what you like.\n') },
  scripts: { zodbvault: Buffer.from('#!/bin/sh\necho "it runs: $*"\n') },
  data: { 'share/man/man1/zodbvault.1': Buffer.from('.TH ZODBVAULT 1\n') },
};

afterEach(() => {
  if (timeZone === undefined) delete process.env['TZ'];
  else process.env['TZ'] = timeZone;
});

describe('a wheel', () => {
  it('is the same in all time zones', async () => {
    process.env['TZ'] = 'Asia/Tokyo';
    const one = await encodeWheel(WHEEL);
    process.env['TZ'] = 'America/Caracas';
    expect((await encodeWheel(WHEEL)).equals(one)).toBe(true);
  });
});

describe.skipIf(python === undefined)('a wheel, in a virtual environment of Python', () => {
  it('is installed by pip, which checks each file against the record, and removed without a trace', async () => {
    const folder = mkdtempSync(join(scratch, 'venv-'));
    const file = join(folder, wheelName(WHEEL));
    writeFileSync(file, await encodeWheel(WHEEL));
    runPython(python ?? '', ['-m', 'venv', folder]);
    const pip = (...words: readonly string[]) =>
      runPython(join(folder, 'bin/python'), ['-m', 'pip', ...words]);
    pip('install', '--no-index', file);
    const { stdout } = await runProgram(join(folder, 'bin/zodbvault'), ['backup', '-q']);
    expect(stdout).toBe('it runs: backup -q\n');
    const shown = pip('show', '--files', 'zodbvault');
    expect(shown).toContain('Version: 0.1.0\nSummary: Backup and restore\n');
    const page = join(folder, 'share/man/man1/zodbvault.1');
    expect(readFileSync(page, 'utf8')).toBe('.TH ZODBVAULT 1\n');
    pip('uninstall', '--yes', 'zodbvault');
    for (const path of ['bin/zodbvault', 'share/man/man1/zodbvault.1']) {
      expect(statSync(join(folder, path), { throwIfNoEntry: false })).toBeUndefined();
    }
  });

  it('has a record of each file but itself, with its length and sha256', async () => {
    const file = join(scratch, wheelName(WHEEL));
    writeFileSync(file, await encodeWheel(WHEEL));
    expect(runPython(python ?? '', ['-c', READ_RECORD, file])).toBe(
      'zodbvault-0.1.0.dist-info/RECORD\n',
    );
  });
});

/** Prints the names of those files in a zip that its RECORD says nothing about; an error where it says something wrong. */
const READ_RECORD = `
import base64, csv, hashlib, io, sys, zipfile
wheel = zipfile.ZipFile(sys.argv[1])
assert wheel.testzip() is None
record = wheel.read("zodbvault-0.1.0.dist-info/RECORD").decode()
rows = {path: (digest, length) for path, digest, length in csv.reader(io.StringIO(record))}
assert sorted(rows) == sorted(wheel.namelist())
for path, (digest, length) in rows.items():
    content = wheel.read(path)
    found = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
    if digest == "":
        print(path)
    else:
        assert (digest, int(length)) == ("sha256=" + found, len(content)), path
`;
