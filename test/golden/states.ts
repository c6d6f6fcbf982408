import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a correct reader finds in a golden state, as the real ZODB reported it. */
export interface Facts {
  readonly fileSize: number;
  readonly committedEnd: number;
  readonly lastTid: string;
  readonly index: Readonly<Record<string, number>>;
  readonly blobs: readonly { readonly path: string; readonly size: number; readonly md5: string }[];
  readonly transactions: readonly {
    readonly pos: number;
    readonly tid: string;
    readonly time: string;
    readonly status: string;
    readonly user: string;
    readonly description: string;
    readonly length: number;
    readonly extensionLength: number;
    readonly records: readonly {
      readonly oid: string;
      readonly pos: number;
      readonly tid: string;
      readonly length: number;
      readonly md5: string;
      readonly cls: string;
      readonly refs: readonly string[];
      readonly dataTxn: string | null;
    }[];
  }[];
}

/** One of the sixteen golden states: a site at one moment. */
export interface GoldenState {
  readonly site: 'bushy' | 'lawn';
  readonly name: string;
  readonly directory: string;
  readonly dataFs: string;
  readonly indexFile: string;
  readonly facts: Facts;
}

export const GOLDEN = join(import.meta.dirname, '../fixtures/golden');

export const goldenStates: readonly GoldenState[] = (['bushy', 'lawn'] as const).flatMap((site) =>
  readdirSync(join(GOLDEN, site, 'states'))
    .sort()
    .map((name) => {
      const directory = join(GOLDEN, site, 'states', name);
      return {
        site,
        name,
        directory,
        dataFs: join(directory, 'Data.fs'),
        indexFile: join(directory, 'Data.fs.index'),
        facts: JSON.parse(readFileSync(join(directory, 'facts.json'), 'utf8')) as Facts,
      };
    }),
);
