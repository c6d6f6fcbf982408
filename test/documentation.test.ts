import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { zodbvault } from './support/command.ts';

const ROOT = join(import.meta.dirname, '..');
const PAGES = [
  ...['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md'],
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

describe('documentation', () => {
  it('leads to files that are there', () => {
    const broken = PAGES.flatMap((page) => {
      const text = readFileSync(join(ROOT, page), 'utf8');
      const links = [...text.matchAll(/\]\(([^)#]+)(#[^)]*)?\)/g)].map(([, link = '']) => link);
      return links
        .filter((link) => !/^[a-z]+:/.test(link))
        .filter((link) => !existsSync(join(ROOT, dirname(page), link)))
        .map((link) => `${page}: ${link}`);
    });
    expect(broken).toEqual([]);
  });

  it('names tests that are there', () => {
    const text = readFileSync(join(ROOT, 'docs/RELIABILITY.md'), 'utf8');
    const named = [...text.matchAll(/`((?:src|test)\/[^`\s]+)`/g)].map(([, path = '']) => path);
    expect(named.length).toBeGreaterThan(15);
    expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  it('speaks of commands that there are, and the README of all of them', async () => {
    const { stdout } = await zodbvault(['--help']);
    const commands = [...stdout.matchAll(/^ {2}([a-z]+) /gm)].map(([, name = '']) => name);
    expect(commands.length).toBeGreaterThan(15);
    const mentions = PAGES.flatMap((page) => {
      const text = readFileSync(join(ROOT, page), 'utf8');
      return [...text.matchAll(/`zodbvault ([a-z]+)\b/g)].map(([, name = '']) => name);
    });
    expect([...new Set(mentions)].filter((name) => !commands.includes(name))).toEqual([]);
    const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
    const silent = ['help', 'script'];
    expect(
      commands.filter((name) => !silent.includes(name) && !readme.includes(`zodbvault ${name}`)),
    ).toEqual([]);
  });
});
