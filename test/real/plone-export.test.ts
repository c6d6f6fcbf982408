import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type Finished, runProgram } from '../support/command.ts';
import { ploneSiteIn } from '../support/plone-instance.ts';
import { describeReal, programOf } from '../support/real-parts.ts';
import { scratchFolder } from '../support/scratch.ts';

const scratch = scratchFolder();
const COMMENT = '++conversation++default/';

/** What a visitor finds: see `test/real/programs/plone_site.py`. */
interface Look {
  /** Title, type, state, UID and date of modification, by path. */
  readonly catalog: Readonly<Record<string, readonly string[]>>;
  readonly pages: Readonly<Record<string, string>>;
  readonly files: Readonly<Record<string, string>>;
  readonly problems: readonly string[];
}

describeReal('plone', 'folder of a Plone site', () => {
  it('comes back from a backup with its pages, files and entries in the catalog', async () => {
    const site = await ploneSiteIn(join(scratch, 'site'));
    const run = (command: string) => site.runPlone('plone_site.py', command);
    const look = async () => JSON.parse(await run('look')) as Look;
    await run('make');
    const before = await look();
    await site.runWell('backup');
    await run('remove');
    const gone = await look();
    // Entries of two documents are left, and of the comments on one of them.
    const left = Object.keys(below(gone.catalog, '/Plone/garden'));
    expect(left).toHaveLength(3);
    expect(gone.problems).toEqual(
      left.map((path) => `${path} is in the catalog, and not in the site`),
    );
    expect(gone.catalog).toHaveProperty('/Plone/harbour/story');

    await site.runWell('export', 'latest', '/Plone/garden', '-o', 'garden.zexp');
    const script = join(site.folder, 'garden.zexp.import.py');
    const config = join(site.instance, 'etc/test.conf');
    const bring = (...words: readonly string[]): Promise<Finished> =>
      runProgram(programOf('plone', 'zconsole'), ['run', config, script, ...words]);
    const back = await bring('/Plone');
    expect([back.status, back.stdout]).toEqual([0, 'Imported /Plone/garden: 13 objects\n']);
    const after = await look();
    expect(factsOf(after)).toEqual(factsOf(before));
    expect(after.problems).toEqual([]);
    const paths = [...Object.keys(before.catalog), '/Plone/aside'];
    expect(Object.keys(after.catalog).sort()).toEqual(paths.sort());
    expect(
      paths.filter((path) => path.includes('/garden/') && path.includes(COMMENT)),
    ).toHaveLength(2);

    // Its id is taken there; elsewhere its UIDs are.
    expect((await bring('/Plone')).stderr).toContain('/Plone has a garden already');
    expect((await bring('/Plone/aside')).stderr).toContain('have UIDs of what is to be imported');
    expect((await bring('/Plone/aside', '--new-uids')).status).toBe(0);
    const copied = await look();
    const copy = below(copied.catalog, '/Plone/aside/garden');
    expect(Object.keys(copy)).toHaveLength(13 + 2); // With its comments.
    const uids = Object.values(copied.catalog).map(([, , , uid]) => uid);
    expect(new Set(uids).size).toBe(uids.length);
  });
});

/** What the folder has, without what is around it on its pages: the navigation has it at another place now. */
function factsOf({ catalog, pages, files }: Look) {
  const contents = Object.entries(below(pages, '/Plone/garden')).map(([path, page]) => {
    const [start, end] = ['<article id="content">', '<aside id="portal-column-one">'];
    const text = String(page);
    expect(text).toContain(start);
    return [path, text.slice(text.indexOf(start), text.indexOf(end))];
  });
  return {
    catalog: below(catalog, '/Plone/garden'),
    files: below(files, '/Plone/garden'),
    pages: Object.fromEntries(contents),
  };
}

/** Those of a folder and of what lies in it. */
function below(facts: Look['catalog' | 'pages' | 'files'], folder: string) {
  return Object.fromEntries(
    Object.entries(facts).filter(([path]) => `${path}/`.startsWith(`${folder}/`)),
  );
}
