import * as v from 'valibot';
import type { CopyFinding } from '../../../../operations/copies/copy-findings.ts';
import type { WrittenPlace } from '../../../../operations/from-copy/plain/write-plain-site.ts';
import { describeCopyFinding } from '../../copy-findings.ts';
import { Bytes, Count, maybe, ofPlace, ofSite, type Result, said } from '../values.ts';

/** Something in a copy that isn't as it should be. */
export const CopyProblemSchema = v.strictObject({
  object: said('the object of the copy', v.string()),
  state: v.picklist([
    ...(['missing', 'size', 'checksum', 'unreadable'] as const),
    ...(['other-before', 'gap', 'number-twice', 'other-than-local'] as const),
    ...(['ends-before-line', 'other-than-line', 'more-than-line'] as const),
  ]),
  message: said('the same in words', v.string()),
});

const CopySchema = v.strictObject({
  ...ofSite,
  copy: said('its name', v.string()),
  url: said('the place', v.string()),
  points: said('restore points that were copied; with `--verify`, that the copy has', Count),
  bytes: said('that were copied; with `--verify`, that were read', Bytes),
  removed: maybe('old restore points that were deleted in the copy', Count),
  seal: maybe(
    'absent if nothing came or went: a line to keep elsewhere, for `verify --seal`',
    v.string(),
  ),
  objects: maybe('with `--verify`: how many were compared', Count),
  problems: maybe('with `--verify`', v.array(CopyProblemSchema)),
});

const WrittenSchema = v.strictObject({
  ...ofPlace,
  repository: maybe('the folder with the backups of the Data.fs', v.string()),
  blobs: maybe('the folder with the backups of the blobs', v.string()),
  bytes: said('that were read for them', Bytes),
});

export const copyResult = {
  copies: said('in the order of the configuration; none with `--to`', v.array(CopySchema)),
  written: maybe('with `--to`: what was written to it', v.array(WrittenSchema)),
};
export type CopyResult = Result<typeof copyResult>;

export function writtenAsJson(
  site: string,
  written: WrittenPlace,
): v.InferOutput<typeof WrittenSchema> {
  return { site, ...written };
}

export function findingsAsJson(
  findings: readonly CopyFinding[],
): v.InferOutput<typeof CopyProblemSchema>[] {
  return findings.map((one) => ({ ...one, message: describeCopyFinding(one) }));
}
