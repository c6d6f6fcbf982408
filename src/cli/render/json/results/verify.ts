import * as v from 'valibot';
import type { BlobFinding } from '../../../../operations/verify/blob-finding.ts';
import type { Finding } from '../../../../repository/verify-repository.ts';
import { CHECKED, describeProblem } from '../../problems.ts';
import { deepPoint } from '../findings.ts';
import { Count, ofPlace, type Result, said } from '../values.ts';

const FileSchema = v.strictObject({
  ...ofPlace,
  fileName: said('of a backup, or of a file that belongs to one', v.string()),
  result: v.picklist(['good', 'bad']),
  message: said('what was compared, or what is wrong', v.string()),
});

export const verifyResult = {
  problems: said('how many', Count),
  files: said('empty with `--deep`', v.array(FileSchema)),
  points: said(
    'with `--deep`, oldest first',
    v.array(v.strictObject({ ...ofPlace, ...deepPoint })),
  ),
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
