import * as v from 'valibot';
import type { CheckedSeal } from '../../../../operations/copies/check-seal.ts';
import type { BlobFinding } from '../../../../operations/verify/blob-finding.ts';
import type { Finding } from '../../../../repository/verify-repository.ts';
import { CHECKED, describeProblem } from '../../problems.ts';
import { deepPoint } from '../findings.ts';
import { Count, Label, maybe, ofPlace, ofSite, type Result, Stamp, said } from '../values.ts';
import { CopyProblemSchema, findingsAsJson } from './copy.ts';

const FileSchema = v.strictObject({
  ...ofPlace,
  fileName: said('of a backup, or of a file that belongs to one', v.string()),
  result: v.picklist(['good', 'bad']),
  message: said('what was compared, or what is wrong', v.string()),
});

const SealSchema = v.strictObject({
  ...ofSite,
  restorePoints: said('that the copy has', Count),
  came: maybe('restore points that came since the line was written', Count),
  removed: maybe(
    'restore points that zodbvault has removed since then',
    v.array(
      v.strictObject({
        ...{ storage: Label.storage, kind: Label.kind, stamp: Stamp },
        removedAt: said('as its tombstone says', v.string()),
      }),
    ),
  ),
  problems: v.array(CopyProblemSchema),
  line: maybe('to keep elsewhere, for the next time; absent if there are problems', v.string()),
});

export const verifyResult = {
  problems: said('how many', Count),
  files: said('empty with `--deep`', v.array(FileSchema)),
  points: said(
    'with `--deep`, oldest first',
    v.array(v.strictObject({ ...ofPlace, ...deepPoint })),
  ),
  seals: maybe('with `--seal`', v.array(SealSchema)),
};
export type VerifyResult = Result<typeof verifyResult>;

export function fileAsJson(
  finding: Finding | BlobFinding,
): Omit<v.InferOutput<typeof FileSchema>, 'site' | 'storage' | 'kind'> {
  const { kind: result, name: fileName } = finding;
  const message =
    finding.kind === 'good' ? CHECKED[finding.checked] : describeProblem(finding.problem);
  return { fileName, result, message };
}

export function sealAsJson(
  site: string,
  { points, since, findings, line }: CheckedSeal,
): v.InferOutput<typeof SealSchema> {
  return {
    ...{ site, restorePoints: points, came: since?.came },
    removed: since?.removed.map(({ name: { place, stamp }, removedAt }) => ({
      ...{ ...place, stamp, removedAt },
    })),
    ...{ problems: findingsAsJson(findings), line },
  };
}
