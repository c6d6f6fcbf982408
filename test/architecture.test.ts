import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { buildProgram } from '../src/cli/program.ts';
import { describeCommand } from '../src/cli/reference/command-table.ts';

const SOURCE = join(import.meta.dirname, '../src');

/** Which folders of src/ a folder may import from, beside itself: docs/ARCHITECTURE.md. */
const MAY_KNOW: Readonly<Record<string, readonly string[]>> = {
  cli: ['demo', 'operations', 'config', 'sources', 'blobs', 'repository', 'system'],
  demo: ['operations', 'config', 'repository', 'filestorage', 'system'],
  operations: [
    'copies',
    'config',
    'sources',
    'zeo',
    'objects',
    'states',
    'blobs',
    'repository',
    'filestorage',
    'stores',
    'system',
  ],
  config: ['system'],
  sources: ['filestorage', 'system'],
  zeo: ['states', 'filestorage', 'system'],
  objects: ['states', 'filestorage', 'system'],
  states: ['blobs', 'repository', 'filestorage', 'stores', 'system'],
  copies: ['blobs', 'repository', 'filestorage', 'stores', 'system'],
  blobs: ['repository', 'filestorage', 'stores', 'system'],
  repository: ['filestorage', 'stores', 'system'],
  filestorage: ['system'],
  stores: ['system'],
  system: [],
};

/** The same for the folders of operations/. */
const OPERATIONS: Readonly<Record<string, readonly string[]>> = {
  backup: ['backup-blobs', 'copies', 'restore', 'retention', 'verify', 'run'],
  'backup-blobs': ['run'],
  content: ['run'],
  copies: ['list', 'retention', 'run'],
  'from-copy': ['verify', 'run'],
  inspect: ['copies', 'list', 'restore', 'verify', 'run'],
  list: ['run'],
  open: ['run'],
  places: [],
  restore: ['backup-blobs', 'list', 'verify', 'run'],
  retention: ['list', 'run'],
  run: [],
  setup: ['run'],
  verify: ['list', 'run'],
};

/** The folders that decide and do nothing: bytes, names and times in, values out. */
const PURE = ['filestorage/index', 'filestorage/pickle', 'repository', 'blobs/retention'];

/** Of files in one folder: what one look takes in. */
const MOST_NAMES = 22;

/** The files that name a command or an option, and why. */
const NAME_COMMANDS: Readonly<Record<string, string>> = {
  'config/recipe/script-text.ts': 'a script says what wrote it',
  'config/schedule/crontab.ts': 'lines of a crontab say what wrote them',
  'config/schedule/scheduled-job.ts': 'a schedule is made of command lines',
  'config/schedule/systemd-units.ts': 'units say what wrote them',
  'config/toml/template.ts': 'a new zodbvault.toml says which command shows it',
  'config/toml/toml-options.ts': 'in place of options of the recipe, there are options of commands',
  'system/processes/systemd.ts': 'an option of systemctl has the name of one of ours',
  'system/zstd/program-zstd.ts': 'an option of zstd has the name of one of ours',
};

/** The files below the command line that put something into words, and what needs them there. */
const PUT_INTO_WORDS: Readonly<Record<string, string>> = {
  'system/locks/lock-record.ts': 'the message of a failure says who holds a lock',
};

const COMPILER_OPTIONS = ts.parseJsonConfigFileContent(
  ts.readConfigFile(join(SOURCE, '../tsconfig.json'), ts.sys.readFile).config,
  ts.sys,
  join(SOURCE, '..'),
).options;

/** The files that ask a store, or a tree in it, for its folder on this machine, and why. */
const ASK_FOR_LOCAL_FOLDERS: Readonly<Record<string, string>> = {
  'blobs/copy/compare-files.ts': 'workers hash the files of a copy',
  'operations/backup-blobs/archive-blobs.ts':
    'GNU tar brings the state of a chain up to date in its file',
  'operations/backup-blobs/copy-blobs.ts': 'rsync, and the copy workers, fill a new copy',
  'operations/backup-blobs/previous-copy.ts': 'a new copy shares its files by hard links',
  'operations/from-copy/plain/write-blob-copies.ts':
    'copies of blobs that are written share their files by hard links',
  'operations/restore/blobs/blobs-as-backed-up.ts':
    'workers look at the rights and times of a copy beside those of the live blobs',
  'operations/restore/blobs/restore-blob-copy.ts': 'rsync, and the copy workers, read a copy',
};

/** Functions that take a path, or the place of a store, beside those of the modules of {@link TAKE_PATHS}. */
const TAKE_PLACES = ['folderTree', 'repository', 'blobFolder'];
const TAKE_PATHS = /^node:(path|fs|fs\/promises)$|system\/files\/|stores\/folder-/;

const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
  .sort();

const imports = files.flatMap((path) => {
  const text = readFileSync(join(SOURCE, path), 'utf8');
  return ts
    .preProcessFile(text)
    .importedFiles.map(({ fileName }) => ({ path, imported: fileName }));
});

const edges = new Map<string, readonly string[]>(
  files.map((path) => [
    path,
    imports
      .filter((one) => one.path === path && one.imported.startsWith('.'))
      .map(({ imported }) => resolveImport(path, imported)),
  ]),
);

describe('folders of src/', () => {
  it('are those of the architecture', () => {
    expect(namesOf(files, 0)).toEqual(Object.keys(MAY_KNOW).sort());
    const operations = files.filter((path) => folderOf(path, 0) === 'operations');
    expect(namesOf(operations, 1)).toEqual(Object.keys(OPERATIONS).sort());
  });

  it('know each other in one direction', () => {
    const wrong = arrowsBetween(0).filter(([, from, to]) => !(MAY_KNOW[from] ?? []).includes(to));
    expect(wrong).toEqual([]);
  });

  it('know each other in one direction within operations/', () => {
    const wrong = arrowsBetween(1).filter(
      ([path, from, to]) => path.startsWith('operations') && !(OPERATIONS[from] ?? []).includes(to),
    );
    expect(wrong).toEqual([]);
  });

  it.each([MAY_KNOW, OPERATIONS])('have no arrow that runs back', (table) => {
    const reaches = (from: string, to: string): boolean =>
      (table[from] ?? []).some((next) => next === to || reaches(next, to));
    for (const folder of Object.keys(table))
      expect([folder, reaches(folder, folder)]).toEqual([folder, false]);
  });

  it('hold no circle of files, not even of types', () => {
    expect(findCircle()).toEqual([]);
  });

  it('show few names to whoever opens one', () => {
    const folders = new Map<string, number>();
    for (const path of files) folders.set(dirname(path), (folders.get(dirname(path)) ?? 0) + 1);
    expect([...folders].filter(([, count]) => count > MOST_NAMES)).toEqual([]);
  });

  it('leave the disk to others where they only decide', () => {
    const impure = imports.filter(
      ({ path, imported }) =>
        PURE.some((folder) => path.startsWith(folder)) &&
        /^node:(fs|child_process|net)/.test(imported),
    );
    expect(impure).toEqual([]);
  });

  it('name no command and no option of the command line, but for cli and demo', async () => {
    const { commands, options } = await ownWords();
    const named = files
      .filter((path) => !/^(cli|demo)\//.test(path) && NAME_COMMANDS[path] === undefined)
      .flatMap((path) =>
        textsOf(path).flatMap((text) => {
          const found = [...text.matchAll(/zodbvault ([a-z][a-z-]*)|(?<![\w-])(--[a-z][a-z-]*)/g)];
          return found
            .filter(([, command = '', option = '']) => commands.has(command) || options.has(option))
            .map(([words]) => `${path}: ${words}`);
        }),
      );
    expect(named).toEqual([]);
  });

  it('leave sentences to the command line, but for those of failures', () => {
    const says = /^export function (describe|say)[A-Z]/m;
    const found = filesWith(says).filter((path) => !/^(cli|demo)\//.test(path));
    expect(found).toEqual(Object.keys(PUT_INTO_WORDS).sort());
  });

  it('make a store of a folder in one place', () => {
    expect(filesWith(/\bfolderStore\b/)).toEqual(['blobs/open-backups.ts']);
  });

  it('ask for the local folder of a store where nothing else will do', () => {
    const asking = filesWith(/\blocalFolder\b|\brequireLocalFolder\b/);
    expect(asking).toEqual(Object.keys(ASK_FOR_LOCAL_FOLDERS).sort());
  });

  it('make no path from the name of a store', { timeout: 120_000 }, () => {
    expect(pathsFromStoreNames()).toEqual([]);
  });

  it('are put into words by docs/ARCHITECTURE.md', () => {
    const words = readFileSync(join(SOURCE, '../docs/ARCHITECTURE.md'), 'utf8');
    for (const folder of Object.keys(MAY_KNOW)) expect(words).toContain(`${folder}/`);
  });
});

describe('dependencies', () => {
  it('are pinned, and named with their reason in docs/ARCHITECTURE.md', () => {
    const manifest = JSON.parse(readFileSync(join(SOURCE, '../package.json'), 'utf8')) as Readonly<
      Record<'dependencies' | 'devDependencies', Readonly<Record<string, string>>>
    >;
    const words = readFileSync(join(SOURCE, '../docs/ARCHITECTURE.md'), 'utf8');
    const all = { ...manifest.dependencies, ...manifest.devDependencies };
    for (const [name, version] of Object.entries(all)) {
      expect(version).toMatch(/^\d+\.\d+\.\d+(-[0-9a-z.]+)?$/);
      expect(words).toContain(name);
    }
  });

  it('are imported by the program only if they are installed with it', () => {
    const manifest = JSON.parse(readFileSync(join(SOURCE, '../package.json'), 'utf8')) as {
      readonly dependencies: Readonly<Record<string, string>>;
    };
    const foreign = imports
      // The optional koffi: processes of their own begin there, and may fail.
      .filter(
        ({ path, imported }) => !['isal.ts', 'zstd.ts'].includes(path) || imported !== 'koffi',
      )
      .map(({ imported }) => imported)
      .filter((name) => !name.startsWith('.') && !name.startsWith('node:'));
    for (const name of new Set(foreign)) expect(Object.keys(manifest.dependencies)).toContain(name);
  });
});

/** The commands that there are, and the options of all of them. */
async function ownWords() {
  const commands = describeCommand(await buildProgram()).commands;
  return {
    commands: new Set(commands.map(({ name }) => name)),
    options: new Set(commands.flatMap(({ options }) => options.flatMap(({ long }) => long ?? []))),
  };
}

/** The strings in a file, and the parts of its templates. */
function textsOf(path: string): readonly string[] {
  const text = readFileSync(join(SOURCE, path), 'utf8');
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node)) found.push(node.text);
    if (ts.isTemplateMiddleOrTemplateTail(node)) found.push(node.text);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

/** Those outside of stores/ in which something is written. */
function filesWith(pattern: RegExp): readonly string[] {
  const isOutside = (path: string) => folderOf(path, 0) !== 'stores';
  return files.filter(
    (path) => isOutside(path) && pattern.test(readFileSync(join(SOURCE, path), 'utf8')),
  );
}

/**
 * Where, outside of stores/ and system/, the name of a store, or what it calls something in it, goes to what takes a
 * path, or becomes the beginning of one: by itself, or by a variable that holds it.
 */
function pathsFromStoreNames(): readonly string[] {
  const program = ts.createProgram(
    files.map((path) => join(SOURCE, path)),
    { ...COMPILER_OPTIONS, noEmit: true },
  );
  const checker = program.getTypeChecker();
  const isStoreName = (node: ts.Node): boolean => {
    if (ts.isIdentifier(node)) {
      const declared = checker.getSymbolAtLocation(node)?.valueDeclaration;
      if (declared === undefined || !ts.isVariableDeclaration(declared)) return false;
      return declared.initializer !== undefined && isStoreName(declared.initializer);
    }
    const called = ts.isCallExpression(node) ? node.expression : node;
    if (!ts.isPropertyAccessExpression(called)) return false;
    if (called.name.text !== (called === node ? 'name' : 'nameOf')) return false;
    const type = checker.getTypeAtLocation(called.expression);
    return type.getProperty('nameOf') !== undefined || type.getProperty('store') !== undefined;
  };
  const found: string[] = [];
  for (const path of files.filter((one) => !/^(stores|system)\//.test(one))) {
    const source = program.getSourceFile(join(SOURCE, path));
    if (source === undefined) throw new Error(`${path} is no file of the program`);
    const takers = new Set([...TAKE_PLACES, ...namesImportedFrom(source, TAKE_PATHS)]);
    const visit = (node: ts.Node): void => {
      const isTaken =
        ts.isCallExpression(node) &&
        takers.has(nameOfCalled(node)) &&
        node.arguments.some(isStoreName);
      const isBeginning =
        ts.isTemplateExpression(node) &&
        node.head.text === '' &&
        node.templateSpans.some(
          ({ expression, literal }) => literal.text.startsWith('/') && isStoreName(expression),
        );
      if (isTaken || isBeginning) found.push(`${path}: ${node.getText(source)}`);
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  return found;
}

/** `join` of `join(a, b)` and of `path.join(a, b)`. */
function nameOfCalled({ expression }: ts.CallExpression): string {
  return ts.isPropertyAccessExpression(expression) ? expression.name.text : expression.getText();
}

function namesImportedFrom(source: ts.SourceFile, modules: RegExp): readonly string[] {
  return source.statements.flatMap((statement) => {
    if (!ts.isImportDeclaration(statement) || !ts.isStringLiteral(statement.moduleSpecifier))
      return [];
    const named = statement.importClause?.namedBindings;
    if (!modules.test(statement.moduleSpecifier.text) || named === undefined) return [];
    return ts.isNamedImports(named) ? named.elements.map(({ name }) => name.text) : [];
  });
}

function resolveImport(path: string, imported: string): string {
  return relative(SOURCE, join(SOURCE, dirname(path), imported));
}

/** The name that a path has at a depth; empty for a file that lies above. */
function folderOf(path: string, depth: number): string {
  const names = path.split(sep);
  return names.length - 1 > depth ? (names[depth] ?? '') : '';
}

function namesOf(paths: readonly string[], depth: number): readonly string[] {
  return [...new Set(paths.map((path) => folderOf(path, depth)))]
    .filter((name) => name !== '')
    .sort();
}

/** Imports that lead from one folder into another of the same folder. */
function arrowsBetween(
  depth: number,
): readonly (readonly [path: string, from: string, to: string])[] {
  return [...edges].flatMap(([path, targets]) =>
    targets.flatMap((target) => {
      const [from, to] = [folderOf(path, depth), folderOf(target, depth)];
      const isBeside = depth === 0 || folderOf(path, 0) === folderOf(target, 0);
      return isBeside && from !== '' && from !== to ? [[path, from, to] as const] : [];
    }),
  );
}

/** Files of which each imports the next, and the last the first. */
function findCircle(): readonly string[] {
  const done = new Set<string>();
  const search = (path: string, way: readonly string[]): readonly string[] => {
    if (way.includes(path)) return way.slice(way.indexOf(path));
    if (done.has(path)) return [];
    done.add(path);
    for (const next of edges.get(path) ?? []) {
      const circle = search(next, [...way, path]);
      if (circle.length > 0) return circle;
    }
    return [];
  };
  for (const path of files) {
    const circle = search(path, []);
    if (circle.length > 0) return circle;
  }
  return [];
}
