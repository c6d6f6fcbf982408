import { POINTS_PREFIX, type PointName, pointKey } from '../../copies/layout/keys.ts';
import { readSeal } from '../../copies/read-seal.ts';
import {
  byWhenItCame,
  compareWithLine,
  faultsInSeal,
  type LineFault,
  type SealedRecord,
} from '../../copies/seal.ts';
import { formatSealLine, parseSealLine, type SealLine } from '../../copies/seal-line.ts';
import type { ObjectReader } from '../../stores/objects/object-store.ts';
import { Failure } from '../../system/failure.ts';
import type { CopyFinding } from './copy-findings.ts';

/** What somebody has kept elsewhere: see {@link SealLine}. */
export type KeptLine = SealLine;

/** Reads a line that somebody has kept. Failure `usage` where it is none. */
export function readKeptLine(text: string): KeptLine {
  const line = parseSealLine(text);
  if (line !== undefined) return line;
  const what = `Cannot use "${text}" as a seal: it is no line that a check has printed`;
  throw new Failure('usage', what, {
    hint: 'Give the whole line, as an earlier check has printed it, or none, to get the first one.',
  });
}

/** What the records of a copy tell of each other. */
export interface CheckedSeal {
  /** Restore points that are there. */
  readonly points: number;
  readonly findings: readonly CopyFinding[];
  /** What has changed since the line; undefined: there is none to compare with. */
  readonly since: ChangesSinceLine | undefined;
  /** The line of what is there now; undefined: there is nothing, or something is wrong with it. */
  readonly line: string | undefined;
}

export interface ChangesSinceLine {
  /** Restore points that came, be they gone again. */
  readonly came: number;
  readonly removed: readonly { readonly name: PointName; readonly removedAt: string }[];
}

/**
 * Reads the records of a site in a copy, and nothing else: each names the one before it, and the last one is, or
 * continues, that of a line which somebody has kept elsewhere. Needs no secret key.
 *
 * @param site - what is below the prefix of the site
 * @param line - undefined: nobody has kept one
 */
export async function checkSeal(
  site: ObjectReader,
  { name, line }: { readonly name: string; readonly line: KeptLine | undefined },
): Promise<CheckedSeal> {
  const { points, records, unreadable } = await readSeal(site);
  const compared = line && compareWithLine(records, line);
  const found = (key: string, state: CopyFinding['state']) => ({ object: site.nameOf(key), state });
  const findings = [
    ...unreadable.map((key) => found(key, 'unreadable')),
    ...faultsInSeal(records).map((fault) => found(pointKey(fault.name), fault.kind)),
    ...(compared?.fault === undefined ? [] : [found(keyOf(compared.fault), compared.fault.kind)]),
  ];
  const newest = [...records].sort(byWhenItCame).at(-1);
  return {
    points: points.length,
    findings,
    since: compared && { came: compared.came, removed: compared.removed.flatMap(removal) },
    line:
      points.length > 0 && newest !== undefined && findings.length === 0
        ? formatSealLine({
            ...{ site: name, sequence: newest.name.sequence, points: points.length },
            sha256: newest.sha256,
          })
        : undefined,
  };
}

function keyOf(fault: LineFault): string {
  return fault.kind === 'other-than-line' ? pointKey(fault.name) : POINTS_PREFIX;
}

function removal({ name, removedAt }: SealedRecord): ChangesSinceLine['removed'] {
  return removedAt === undefined ? [] : [{ name, removedAt }];
}
