import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const SOURCE = join(import.meta.dirname, '../src');

/** Which folders of src/ a folder may import from, beside itself: docs/ARCHITECTURE.md. */
const MAY_KNOW: Readonly<Record<string, readonly string[]>> = {
  cli: ['jobs', 'sites', 'repository', 'system'],
  jobs: ['sites', 'blobs', 'repository', 'retention', 'sample', 'filestorage', 'stores', 'system'],
  sites: ['system'],
  blobs: ['repository', 'stores', 'system'],
  repository: ['filestorage', 'stores', 'system'],
  retention: [],
  sample: ['filestorage'],
  filestorage: ['system'],
  stores: ['system'],
  system: [],
};

/** The folders that decide and do nothing: bytes, names and times in, values out. */
const PURE = ['filestorage/index', 'filestorage/pickle', 'repository', 'retention'];

const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
  .sort();

const imports = files.flatMap((path) => {
  const text = readFileSync(join(SOURCE, path), 'utf8');
  return ts
    .preProcessFile(text)
    .importedFiles.map(({ fileName }) => ({ path, imported: fileName }));
});

describe('folders of src/', () => {
  it('are those of the architecture', () => {
    const folders = new Set(files.filter((path) => path.includes(sep)).map(folderOf));
    expect([...folders].sort()).toEqual(Object.keys(MAY_KNOW).sort());
  });

  it('know each other in one direction', () => {
    const wrong = imports
      .filter(({ path, imported }) => path.includes(sep) && imported.startsWith('.'))
      .map(({ path, imported }) => ({ path, target: folderOf(resolveImport(path, imported)) }))
      .filter(({ path, target }) => {
        const folder = folderOf(path);
        return target !== folder && !(MAY_KNOW[folder] ?? []).includes(target);
      });
    expect(wrong).toEqual([]);
  });

  it('have no arrow that runs back', () => {
    const reaches = (from: string, to: string): boolean =>
      (MAY_KNOW[from] ?? []).some((next) => next === to || reaches(next, to));
    for (const folder of Object.keys(MAY_KNOW))
      expect([folder, reaches(folder, folder)]).toEqual([folder, false]);
  });

  it('leave the disk to others where they only decide', () => {
    const impure = imports.filter(
      ({ path, imported }) =>
        PURE.some((folder) => path.startsWith(folder)) &&
        /^node:(fs|child_process|net)/.test(imported),
    );
    expect(impure).toEqual([]);
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
      .map(({ imported }) => imported)
      .filter((name) => !name.startsWith('.') && !name.startsWith('node:'));
    for (const name of new Set(foreign)) expect(Object.keys(manifest.dependencies)).toContain(name);
  });
});

function resolveImport(path: string, imported: string): string {
  return relative(SOURCE, join(SOURCE, dirname(path), imported));
}

function folderOf(path: string): string {
  return path.split(sep)[0] ?? '';
}
