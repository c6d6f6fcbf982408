import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runProgram } from './support/command.ts';

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

  it('shows command lines with commands and options that there are', () => {
    const lines = PAGES.flatMap((page) =>
      commandLinesIn(textOf(page)).map(([name, options]) => ({ page, name, options })),
    );
    expect(lines.length).toBeGreaterThan(150);
    const known = optionsOfCommands();
    const wrong = lines.filter(
      ({ page, name, options }) =>
        // What has changed has old names, too, and repozo has its own options.
        page !== 'CHANGELOG.md' &&
        name !== 'repozo' &&
        !options.every((option) => known.get(name)?.includes(option)),
    );
    expect(wrong).toEqual([]);
  });

  it('explains every command, and no other', () => {
    const explained = readdirSync(join(ROOT, 'src/cli/reference/explanations'));
    const commands = [...optionsOfCommands().keys(), 'all-commands'];
    expect(explained.sort()).toEqual(commands.map((name) => `${name}.md`).sort());
  });

  it('is what "npm run pages" makes of the tables', async () => {
    const words = ['--import', 'tsx', 'tools/write-pages.ts', '--check'];
    const { stdout, status } = await runProgram(process.execPath, words, { cwd: ROOT });
    expect([stdout, status]).toEqual(['', 0]);
  });

  it('keeps the README to what somebody reads', () => {
    expect(textOf('README.md').split('\n').length).toBeLessThanOrEqual(121);
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

/** Commands of zodbvault in back ticks, and at the beginning of a line of code, each with its long options. */
function commandLinesIn(
  text: string,
): readonly (readonly [name: string, options: readonly string[]])[] {
  const line = /(?:`|^\s*(?:\$ )?)zodbvault ([a-z][a-z-]*)((?:\\\n|[^`\n#])*)/gm;
  return [...text.matchAll(line)].map(([, name = '', words = '']) => [
    name,
    [...words.matchAll(/(?<=\s)--[a-z][a-z-]*/g)].map(([option]) => option),
  ]);
}

/** The long options of each command, as its section in the reference lists them. */
function optionsOfCommands(): ReadonlyMap<string, readonly string[]> {
  const [, ...sections] = textOf('docs/reference/commands.md').split(/^## zodbvault /m);
  return new Map(
    sections.map((section) => {
      const [name = '', ...lines] = section.split('\n');
      const listing = lines.filter((line) => /^(\| `-|\[Shared options)/.test(line)).join('\n');
      return [name, [...listing.matchAll(/--[a-z][a-z-]*/g)].map(([option]) => option)];
    }),
  );
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
