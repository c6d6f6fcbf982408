import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { drawTerminal } from '../tools/pictures/terminal-picture.ts';

const ROOT = join(import.meta.dirname, '..');
const PICTURES = 'docs/pictures';
const read = (path: string) => readFileSync(join(ROOT, path));

/** The lines of text of a picture, without what it looks like. */
function linesOf(picture: string): readonly string[] {
  return [...picture.matchAll(/<text [^>]*>([^<]*)<\/text>/g)].map(([, text = '']) =>
    text.replaceAll('&quot;', '"').replaceAll('&lt;', '<').replaceAll('&amp;', '&'),
  );
}

describe('the pictures of the README', () => {
  const terminal = read(`${PICTURES}/terminal.svg`).toString();
  const lines = linesOf(terminal);

  it('are shown there, each with what it says for those who see none', () => {
    const shown = [
      ...read('README.md')
        .toString()
        .matchAll(/!\[([^\]]+)\]\(([^)]+)\)/g),
    ];
    expect(shown.map(([, , path]) => path).sort()).toEqual([
      `${PICTURES}/report.png`,
      `${PICTURES}/terminal.svg`,
    ]);
  });

  it('name the commands, what they did, and how to go back', () => {
    const commands = lines.filter((line) => line.trim().startsWith('zodbvault '));
    expect(commands.map((line) => line.trim().split(' ')[1])).toEqual(['backup', 'restore']);
    for (const begun of [
      'Backed up: ',
      'Are you sure? ',
      'Restored ',
      'cd /srv/plone && zodbvault ',
    ]) {
      expect(lines.filter((line) => line.trim().startsWith(begun)).length).toBeGreaterThan(0);
    }
  });

  it('have no path and no host of the machine that made them', () => {
    const paths = lines.flatMap((line) => line.match(/(?<=^|\s)\/\S+/g) ?? []);
    expect(paths.length).toBeGreaterThan(5);
    expect(paths.filter((path) => !path.startsWith('/srv/plone'))).toEqual([]);
    expect(lines.join('\n')).not.toContain(hostname());
  });

  it('have a report as wide as a page of GitHub shows it', () => {
    const png = read(`${PICTURES}/report.png`);
    expect(png.subarray(1, 4).toString()).toBe('PNG');
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([1000, 1050]);
  });
});

describe('the pictures of a page that is brought back', () => {
  it('are shown where it says how, and are small enough for a page', () => {
    const shown = read('docs/one-page-back.md')
      .toString()
      .matchAll(/!\[[^\]]+\]\(([^)]+)\)/g);
    const names = [...shown].map(([, path]) => path);
    expect(names).toEqual(['before', 'gone', 'back'].map((name) => `pictures/page-${name}.png`));
    for (const name of names) {
      const png = read(`docs/${name}`);
      expect(png.subarray(1, 4).toString()).toBe('PNG');
      expect(png.length).toBeLessThan(150_000);
    }
  });

  it('show the page as it was before, and another while it is gone', () => {
    const [before, gone, back] = ['before', 'gone', 'back'].map((name) =>
      read(`${PICTURES}/page-${name}.png`).toString('base64'),
    );
    expect(back).toBe(before);
    expect(gone).not.toBe(before);
  });
});

describe('the picture of a terminal', () => {
  const draw = (bytes: string) => drawTerminal(bytes, { columns: 20, title: 'A & B' });

  it('has the characters where the terminal has them', async () => {
    const picture = await draw('one\r\n    <two> & "three"\r\nfour\rfive');
    expect(linesOf(picture.replaceAll('&gt;', '>'))).toEqual(['one', '<two> & "three"', 'five']);
    expect(picture).toContain('<title>A &amp; B</title>');
    const left = [...picture.matchAll(/<text x="([\d.]+)"/g)].map(([, x]) => Number(x));
    expect(left).toEqual([18, 18 + 4 * 7.8, 18].map((x) => Number(x.toFixed(1))));
  });

  it('breaks a line that is wider than the terminal, and leaves out what was cleared', async () => {
    expect(linesOf(await draw(`${'a'.repeat(25)}\r\nbar\x1b[2K\rdone`))).toEqual([
      'a'.repeat(20),
      'a'.repeat(5),
      'done',
    ]);
  });

  it('keeps colours and weight', async () => {
    const picture = await draw('\x1b[1;32m$\x1b[0m \x1b[31mbad\x1b[39m good');
    expect(linesOf(picture)).toEqual(['$', 'bad', 'good']);
    const looks = [...picture.matchAll(/fill="([^"]+)" font-weight="([^"]+)"/g)];
    expect(looks.map(([, colour, weight]) => [colour, weight])).toEqual([
      ['#7ee787', 'bold'],
      ['#ff7b72', 'normal'],
      ['#e6edf3', 'normal'],
    ]);
  });
});
