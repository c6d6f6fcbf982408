import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeDat, encodeDatLine } from './dat.ts';

const GOLDEN = join(import.meta.dirname, '../../../test/fixtures/golden');
const files = ['bushy', 'lawn'].flatMap((site) =>
  ['repozo-plain', 'repozo-gzip'].flatMap((kind) =>
    readdirSync(join(GOLDEN, site, kind))
      .filter((name) => name.endsWith('.dat'))
      .map((name) => join(GOLDEN, site, kind, name)),
  ),
);

const lines = fc.record({
  fileName: fc.constantFrom('2026-03-01-04-05-06.fs', '2026-03-01-04-05-06.deltafsz'),
  range: fc
    .tuple(fc.nat(), fc.nat())
    .map(([start, length]) => ({ start, end: start + length * 1000 })),
  md5: fc.stringMatching(/^[0-9a-f]{32}$/),
});

describe('.dat', () => {
  it.each(files)('of repozo comes back as it is: %s', (path) => {
    const text = readFileSync(path, 'utf8');
    const { lines: decoded, fault } = decodeDat(text, 'x.dat');
    expect(fault).toBeUndefined();
    expect(decoded.length).toBeGreaterThan(0);
    expect(decoded.map((line) => encodeDatLine(line, '/backups')).join('')).toBe(text);
  });

  it('comes back as it was written, wherever the repository is', () => {
    const names = fc.constantFrom('/backups', '/backups/', 'relative', '/with blank', '/ü', '/');
    fc.assert(
      fc.property(fc.array(lines), names, (written, repository) => {
        const text = written.map((line) => encodeDatLine(line, repository)).join('');
        expect(decodeDat(text, 'x.dat')).toEqual({ lines: written, fault: undefined });
        // repozo splits at blanks, and must find four words.
        for (const line of text.split('\n').slice(0, -1)) expect(line.split(/\s+/).length).toBe(4);
      }),
    );
  });

  it('is read also where its path has blanks', () => {
    const text = `/my backups/2026-03-01-04-05-06.fs 0 5 ${'a'.repeat(32)}\n`;
    expect(decodeDat(text, 'x.dat').lines[0]?.fileName).toBe('2026-03-01-04-05-06.fs');
  });

  const line = `/b/2026-03-01-04-05-06.fs 0 5 ${'a'.repeat(32)}\n`;
  it('has the lines in front of a cut, and says that it is cut', () => {
    const text = `${line}${line}`;
    for (let length = 1; length < text.length; length++) {
      const { lines: found, fault } = decodeDat(text.slice(0, length), 'x.dat');
      expect([length, found.length]).toEqual([length, length < line.length ? 0 : 1]);
      expect([length, fault === undefined]).toEqual([length, length === line.length]);
    }
  });

  it.each([
    ['no md5', '/b/x.fs 0 5\n'],
    ['an md5 of 31 digits', `/b/x.fs 0 5 ${'a'.repeat(31)}\n`],
    ['an end before its start', `/b/x.fs 6 5 ${'a'.repeat(32)}\n`],
    ['a negative start', `/b/x.fs -1 5 ${'a'.repeat(32)}\n`],
    ['an end beyond all files', `/b/x.fs 0 ${'9'.repeat(16)} ${'a'.repeat(32)}\n`],
    ['an empty line', '\n'],
    ['zeros, as a crash leaves them', '\0'.repeat(60)],
  ])('ends in front of a line that is broken: %s', (_, text) => {
    const { lines: found, fault } = decodeDat(`${line}${text}${line}`, 'x.dat');
    expect(found.length).toBe(1);
    expect(fault).toMatch(/^line 2 of "x\.dat" is broken: it/);
  });
});
