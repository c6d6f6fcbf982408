import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Bench, type Case, NODE_START, zodbvault } from './case.ts';

/** Items of the folder that is listed, and of the one that is exported. */
const [MANY, PAGES] = [10_000, 1000];

const PROGRAM = join(import.meta.dirname, '../programs/pages.py');

/** A Data.fs that Zope has made, with folders of pages, and a backup of it. */
export interface PageBench extends Bench {
  readonly dataFs: string;
}

export function makePageBench(bench: Bench): PageBench {
  const folder = join(bench.folder, 'pages');
  mkdirSync(folder);
  const dataFs = join(folder, 'Data.fs');
  const words = [PROGRAM, 'make', dataFs, String(MANY), String(PAGES)];
  execFileSync(bench.peers.plonePython(), words, { stdio: 'inherit' });
  const pages = { ...bench, folder, dataFs };
  execFileSync(process.execPath, [bench.command, 'backup', ...placeOf(pages)]);
  return pages;
}

export const PAGE_CASES: readonly ((bench: PageBench) => Case)[] = [
  (bench) => ({
    job: `ls of ${MANY} items`,
    ours: zodbvault(bench, ['ls', '/many', ...placeOf(bench)]),
    peers: [NODE_START],
    bars: [{ peer: NODE_START.label, ratio: 0, moreSeconds: 1 }],
  }),
  (bench) => {
    const ours = join(bench.folder, 'pages.zexp');
    const theirs = join(bench.folder, 'zope.zexp');
    return {
      job: `export of ${PAGES} pages`,
      ours: {
        ...zodbvault(bench, [...['export', '/pages', '-o', ours], ...placeOf(bench)]),
        prepare: () => rmSync(ours, { force: true }),
        output: () => ours,
      },
      peers: [
        {
          label: 'Zope',
          command: [bench.peers.plonePython(), PROGRAM, 'export', bench.dataFs, theirs],
          prepare: () => rmSync(theirs, { force: true }),
          output: () => theirs,
        },
      ],
      bars: [{ peer: 'Zope', ratio: 1 }],
    };
  },
];

function placeOf({ folder, dataFs }: PageBench): readonly string[] {
  return ['--datafs', dataFs, '--location', join(folder, 'backups'), '-q'];
}
