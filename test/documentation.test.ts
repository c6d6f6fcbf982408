import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { zodbvault } from './support/command.ts';

const ROOT = join(import.meta.dirname, '..');
const PAGES = [
  ...['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md'],
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`)
    .sort(),
];

/** Pages for whoever reads the code: a path in back ticks that begins with a folder of src/ is one of the code. */
const OF_THE_CODE = [
  'CONTRIBUTING.md',
  'docs/ARCHITECTURE.md',
  'docs/internals/reliability.md',
  ...PAGES.filter((page) => /^docs\/(?:internals|decisions)\//.test(page)),
];

/** Words that stand for any name. */
const PLACEHOLDER = /\b(?:NAME|TARGET)\b|\*/;

describe('documentation', () => {
  it('leads to pages, and to headings in them, that are there', () => {
    const broken = PAGES.flatMap((page) =>
      linksIn(textOf(page))
        .filter(([link]) => !isThere(page, link))
        .map(([link]) => `${page}: ${link}`),
    );
    expect(broken).toEqual([]);
  });

  it('can be reached page by page from docs/README.md', () => {
    const reached = new Set<string>();
    const follow = (page: string) => {
      if (reached.has(page) || !page.endsWith('.md')) return;
      reached.add(page);
      for (const [, path] of linksIn(textOf(page))) {
        if (path !== '') follow(join(dirname(page), path));
      }
    };
    follow('docs/README.md');
    expect(PAGES.filter((page) => page.startsWith('docs/') && !reached.has(page))).toEqual([]);
  });

  it('names files of the code that are there', () => {
    const named = PAGES.flatMap((page) =>
      pathsIn(textOf(page), OF_THE_CODE.includes(page)).map((path) => ({ page, path })),
    );
    expect(named.length).toBeGreaterThan(100);
    const absent = named.filter(({ path }) => !['', '.ts'].some((end) => exists(path + end)));
    expect(absent).toEqual([]);
  });

  it('keeps the architecture to one page', () => {
    expect(textOf('docs/ARCHITECTURE.md').split('\n').length).toBeLessThanOrEqual(120);
  });

  it('has a glossary in alphabetical order, with words that the code has', () => {
    const page = textOf('docs/internals/glossary.md');
    const terms = [...page.matchAll(/^- \*\*(.+?)\*\*: /gm)].map(([, term = '']) => term);
    expect(terms.length).toBe([...page.matchAll(/^- /gm)].length);
    const ordered = [...terms].sort((a, b) => a.localeCompare(b, 'en'));
    expect(terms).toEqual(ordered);
    const code = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts'))
      .map((path) => textOf(join('src', path)))
      .join('\n');
    const names = [...page.matchAll(/`([A-Za-z]+)`/g)].map(([, name = '']) => name);
    expect(names.length).toBeGreaterThan(5);
    const unknown = names.filter((name) => !new RegExp(`\\b${name}\\b`).test(code));
    expect(unknown).toEqual([]);
  });

  it('speaks of commands that there are, and the README of all of them', async () => {
    const { stdout } = await zodbvault(['--help']);
    const commands = [...stdout.matchAll(/^ {2}([a-z][a-z-]*) /gm)].map(([, name = '']) => name);
    expect(commands.length).toBeGreaterThan(15);
    const mentions = PAGES.flatMap((page) =>
      [...textOf(page).matchAll(/`zodbvault ([a-z][a-z-]*)/g)].map(([, name = '']) => name),
    );
    expect([...new Set(mentions)].filter((name) => !commands.includes(name))).toEqual([]);
    const readme = textOf('README.md');
    const silent = ['help', 'script'];
    expect(
      commands.filter((name) => !silent.includes(name) && !readme.includes(`zodbvault ${name}`)),
    ).toEqual([]);
  });
});

function textOf(page: string): string {
  return readFileSync(join(ROOT, page), 'utf8');
}

function exists(path: string): boolean {
  return existsSync(join(ROOT, path));
}

/** The links of a page to other pages or to its own headings: as written, the path, the heading. */
function linksIn(text: string): readonly (readonly [link: string, path: string, id: string])[] {
  return [...text.matchAll(/\]\(([^)#]*)(?:#([^)]*))?\)/g)]
    .filter(([, path = '']) => !/^[a-z]+:/.test(path))
    .map(([link, path = '', id = '']) => [link, path, id]);
}

function isThere(page: string, link: string): boolean {
  const [[, path = '', id = ''] = []] = linksIn(link);
  const target = path === '' ? page : join(dirname(page), path);
  return exists(target) && (id === '' || headingsIn(textOf(target)).includes(id));
}

/** The ids that GitHub gives to the headings of a page. */
function headingsIn(text: string): readonly string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/**
 * Paths in back ticks from the top of the repository, up to a word that stands for any name. In pages of the code, a path
 * may also begin below src/.
 */
function pathsIn(text: string, isOfTheCode: boolean): readonly string[] {
  const top = ['src', 'test', 'bench', 'packaging', 'tools', '.ci'];
  const below = readdirSync(join(ROOT, 'src'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
  return [...text.matchAll(/`([\w.-]+)(\/[^`\s]*)`/g)].flatMap(([, first = '', rest = '']) => {
    const isTop = top.includes(first);
    if (!isTop && !(isOfTheCode && below.includes(first))) return [];
    const names = `${isTop ? '' : 'src/'}${first}${rest}`.split('/');
    const any = names.findIndex((name) => PLACEHOLDER.test(name));
    return names.slice(0, any < 0 ? undefined : any).join('/');
  });
}
