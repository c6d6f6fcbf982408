import { copyFileSync, cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { ploneSiteIn, runPlone } from '../support/plone-instance.ts';
import { describeReal } from '../support/real-parts.ts';
import { scratchFolder } from '../support/scratch.ts';
import type { TestSite } from '../support/site.ts';
import { startZeoServer } from '../support/zeo-server.ts';
import { AS_ADMIN, startZope } from '../support/zope-server.ts';

const scratch = scratchFolder();
const PROGRAMS = join(import.meta.dirname, 'programs');
/** How many subtrees: 200 take some minutes. */
const COUNT = Number(process.env['SUBTREES'] ?? 16);
/** Of kinds: see `test/real/programs/varied_site.py`. */
const KINDS = 16;
/** A visitor is sent elsewhere: to the login, or where a link leads. */
const LEADS_ELSEWHERE = /\/(private-with-roles|link)-\d+$/;

/** What the states and entries of a subtree may differ in: where, and who sets it. */
const SET_MEANWHILE: readonly (readonly [where: RegExp, why: string])[] = [
  [/^[\w.]+\.cmf_uid$/, 'CMFUid takes its number off what is added; CMFEditions gives a new one'],
  [/UniqueIdAnnotation\._uid$/, 'CMFUid numbers what CMFEditions keeps versions of anew'],
  [/^entry\.cmf_uid$/, 'the same number, as an index and as a column'],
  [/\.version_id$/, 'CMFEditions keeps what is added as version 0'],
  [/RelationValue\._from_id$/, 'the intid of what has the relation: what is added gets a new one'],
  [/^[\w.]+ class$/, 'the importer of ZODB leaves the class out of references to the first object'],
];

/** What `test/real/programs/bring_back.py` prints. */
interface BroughtBack {
  readonly said: readonly string[];
  readonly counts: Readonly<Record<'objects' | 'blobs' | 'entries', number>>;
  /** Path of the subtree, where, before, and after. */
  readonly differences: readonly (readonly [string, string, string, string])[];
}

describeReal('plone', `${COUNT} subtrees of a Plone site`, () => {
  it('come back by their scripts, and one by the ZMI, as they were', async () => {
    const site = await ploneSiteIn(join(scratch, 'site'));
    const zeo = await startZeoServer(site, 'plone');
    const place = [site.instance, zeo.socket, zeo.blobs];
    const made = await runPlone(
      'python',
      join(PROGRAMS, 'varied_site.py'),
      'make',
      ...place,
      `${COUNT}`,
    );
    const paths = JSON.parse(made) as readonly string[];
    const zopeConf = join(site.instance, 'etc/test.conf');
    await using zope = await startZope(zopeConf);
    const seen = paths.slice(0, KINDS).filter((path) => !LEADS_ELSEWHERE.test(path));
    const pages = await pagesOf(zope.url, seen);
    expect(pages.filter(([status]) => status !== 200)).toEqual([]);
    const before = join(scratch, 'before');
    cpSync(join(site.folder, 'var'), before, { recursive: true });
    await site.runWell('backup');

    const folder = join(scratch, 'exported');
    await exportAll(site, { paths, folder });
    const copy = [join(before, 'filestorage/Data.fs'), join(before, 'blobstorage')];
    const program = join(PROGRAMS, 'bring_back.py');
    const printed = await runPlone('zconsole', 'run', zopeConf, program, folder, ...copy);
    const { said, counts, differences } = JSON.parse(printed) as BroughtBack;
    expect(said).toHaveLength(COUNT);
    expect(differences.filter(([, where]) => reasonsFor(where).length === 0)).toEqual([]);
    const given = new Set(differences.flatMap(([, where]) => reasonsFor(where)));
    expect([...given].sort()).toEqual(SET_MEANWHILE.map(([, why]) => why).sort());
    expect(await pagesOf(zope.url, seen)).toEqual(pages);
    console.info(`${COUNT} subtrees: ${JSON.stringify(counts)}, ${differences.length} differences`);

    const path = paths[1] ?? '';
    await bringBackByZmi(zope.url, { path, folder, instance: site.instance });
    // It is the last one in its folder now, and in the navigation.
    const [[status, page] = [0, '']] = await pagesOf(zope.url, [path]);
    expect([status, contentOf(page)]).toEqual([200, contentOf(pages[1]?.[1] ?? '')]);
  });
});

function reasonsFor(where: string): readonly string[] {
  return SET_MEANWHILE.filter(([pattern]) => pattern.test(where)).map(([, why]) => why);
}

/** Status and body of each, as a visitor gets them. In turns: Plone's threads share what its language selector shows. */
async function pagesOf(url: string, paths: readonly string[]) {
  const pages: (readonly [status: number, body: string])[] = [];
  for (const path of paths) {
    const response = await fetch(url + path.slice(1));
    const text = Buffer.from(await response.arrayBuffer()).toString('latin1');
    pages.push([response.status, text.replaceAll(/\s+/g, ' ')]);
  }
  return pages;
}

function contentOf(page: string): string {
  const [, content] = page.split('<article id="content">');
  if (content === undefined) throw new Error(`a page without content: ${page}`);
  return content.slice(0, content.indexOf('<aside id="portal-column-one">'));
}

/** Each by the command, two at a time, into a folder with what `bring_back.py` needs. */
async function exportAll(
  site: TestSite,
  { paths, folder }: { readonly paths: readonly string[]; readonly folder: string },
): Promise<void> {
  mkdirSync(folder);
  const names = Object.fromEntries(paths.map((path) => [`${basename(path)}.zexp`, path]));
  writeFileSync(join(folder, 'subtrees.json'), JSON.stringify(names));
  const ahead = Object.entries(names).values();
  const work = async () => {
    for (const [name, path] of ahead) {
      await site.runWell('export', 'latest', path, '-o', join(folder, name));
    }
  };
  await Promise.all([work(), work()]);
}

/** Removes an item, and imports it by the form of the ZMI, as somebody does who retains its owner. */
async function bringBackByZmi(
  url: string,
  { path, folder, instance }: Readonly<Record<'path' | 'folder' | 'instance', string>>,
): Promise<void> {
  const rest = `${url}Plone/++api++${path.slice('/Plone'.length)}`;
  const json = { ...AS_ADMIN, Accept: 'application/json' };
  const gone = await fetch(rest, { method: 'DELETE', headers: json });
  expect(gone.status).toBe(204);
  const file = `${basename(path)}.zexp`;
  mkdirSync(join(instance, 'import'), { recursive: true });
  copyFileSync(join(folder, file), join(instance, 'import', file));
  const form = `${url}${dirname(path).slice(1)}/manage_importExportForm`;
  const asked = await fetch(form, { headers: AS_ADMIN });
  const shown = await asked.text();
  expect([asked.status, shown]).toEqual([200, expect.stringContaining(file)]);
  const [, token = ''] = shown.match(/name="_authenticator"[^>]* value="(\w+)"/) ?? [];
  const answer = await fetch(form.replace('manage_importExportForm', 'manage_importObject'), {
    method: 'POST',
    headers: { ...AS_ADMIN, Referer: form },
    body: new URLSearchParams({ file, 'set_owner:int': '0', _authenticator: token }),
  });
  const text = await answer.text();
  expect([answer.status, text]).toEqual([200, expect.stringContaining('successfully imported')]);
  const found = await fetch(rest, { headers: json });
  expect(found.status).toBe(200);
}
