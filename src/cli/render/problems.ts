import { nameSome } from '../../blobs/layout/summarize-names.ts';
import type { BlobProblem, BlobState, BlobsChecked } from '../../operations/verify/blob-finding.ts';
import type { FileState } from '../../repository/file-finding.ts';
import { isIndexFileName } from '../../repository/layout/file-names.ts';
import type { Checked, NamedProblem, RepositoryProblem } from '../../repository/problem.ts';
import { describeFault } from './chain-faults.ts';
import { describeReason } from './judgements.ts';

/** What is wrong with a file of a backup, as the end of a sentence that begins with its name. */
export function describeProblem(problem: RepositoryProblem | BlobProblem): string {
  switch (problem.kind) {
    case 'missing-file':
    case 'gap':
    case 'missing-dat':
    case 'broken-dat':
    case 'unlisted-file':
      return describeFault(problem);
    case 'no-full-backup':
      return 'there is no full backup before it';
    case 'full-backup-missing':
      return 'its full backup is missing';
    case 'unreadable-record':
      return 'zodbvault cannot read it, and so cannot tell whether this backup is complete';
    case 'foreign-record':
      return `"${problem.fileName}" is not a record of this version`;
    case 'other-size':
      return `it has ${problem.bytes} bytes, but the backup wrote ${problem.expectedBytes}`;
    case 'unusable':
      return `Cannot use "${problem.path}": ${describeBlobState(problem.state)}`;
    case 'blobs-gone':
      return `zodbvault cannot restore its blobs from "${problem.folder}": ${describeReason(problem.reason)}`;
    case 'failed-read':
      return problem.message;
    default:
      return problem satisfies never;
  }
}

/** What is wrong with a backup that was verified, as one sentence, which has its name once. */
export function describeBadBackup(name: string, problem: RepositoryProblem | BlobProblem): string {
  switch (problem.kind) {
    case 'missing-file':
      return problem.fileName === name
        ? `${name} is missing`
        : `${name}: ${describeProblem(problem)}`;
    case 'missing-dat':
    case 'gap':
    case 'unlisted-file':
    case 'no-full-backup':
    case 'full-backup-missing':
    case 'foreign-record':
    case 'blobs-gone':
      return `${name}: ${describeProblem(problem)}`;
    case 'unusable': {
      const { path, state } = problem;
      if (state.kind === 'missing') return `"${path}" is missing`;
      return `"${path}" is damaged: ${describeBlobState(state)}`;
    }
    case 'failed-read': {
      // It may be lost, too: the message says so, and mostly of which file.
      const { message } = problem;
      const what = isIndexFileName(name) ? 'an index' : 'a backup';
      return `${message.includes(name) ? what : name} is not intact: ${message}`;
    }
    case 'broken-dat':
    case 'unreadable-record':
    case 'other-size':
      return `${name} is damaged: ${describeProblem(problem)}`;
    default:
      return problem satisfies never;
  }
}

/** A problem of a file, with its name. */
export function describeNamedProblem({ name, problem }: NamedProblem): string {
  return `${name}: ${describeProblem(problem)}`;
}

/** A problem of a restore point: a record that belongs to it is another file than its own. */
export function describeProblemOfPoint(problem: RepositoryProblem): string {
  const text = describeProblem(problem);
  return problem.kind === 'unreadable-record' ? `"${problem.fileName}": ${text}` : text;
}

const FILE_STATES = {
  'missing-or-empty': 'it is missing or empty',
  'in-no-dat': 'no .dat lists it, so it is part of no restore point',
  'missing-index': 'it is missing; a restore works without an index',
  'unreadable-index': 'zodbvault cannot read it; a restore works without an index',
  'other-index': 'its sha256 is not the one in its .json',
} as const;

const BLOB_STATES = {
  missing: 'it is missing',
  'other-bytes': 'it has changed since the backup: its sha256 differs',
  'missing-record': 'it is missing or unreadable',
  'unreadable-record': 'it is unreadable',
  replaced: 'it is not the file that was recorded',
  'other-sha256': 'its sha256 is not the one in its .json',
  'missing-beside-record': 'it is missing, but its record exists',
  'made-before': 'no blob backup belongs to this point; this one is the last before it',
} as const;

/** What a deep look has found of a file, as the end of a sentence that begins with its name. */
export function describeFileState(state: FileState | BlobState): string {
  switch (state.kind) {
    case 'missing-or-empty':
    case 'in-no-dat':
    case 'missing-index':
    case 'unreadable-index':
    case 'other-index':
      return FILE_STATES[state.kind];
    case 'chain-fault':
      return describeFault(state.fault);
    case 'no-record-of':
      return `it is unreadable, or it is not the record of "${state.dataFile}"`;
    case 'differs-from-dat':
      return `it says "${state.record}", the .dat says "${state.dat}"`;
    default:
      return describeBlobState(state);
  }
}

function describeBlobState(state: BlobState): string {
  switch (state.kind) {
    case 'added': {
      const { kind, names } = state.addition;
      const what = {
        links: 'links that were added since it was made',
        'set-bits': 'files that would run as their owner or group (setuid, setgid)',
      };
      return `it has ${what[kind]}: ${nameSome(names)}`;
    }
    case 'other-content': {
      const { found, expected } = state;
      return `it has ${found.files} files with ${found.bytes} bytes, but had ${expected.files} with ${expected.bytes}`;
    }
    case 'outward-links':
      return `it has links to files outside, and no backup contains these: ${nameSome(state.names)}`;
    case 'no-checksums':
      return `it is ${state.because}, so zodbvault could not compare the files of the copy`;
    case 'no-own-blobs':
      return `no blob backup in it belongs to this point, which has ${state.records} blob records`;
    case 'failed-read':
      return state.message;
    case 'missing':
    case 'other-bytes':
    case 'missing-record':
    case 'unreadable-record':
    case 'replaced':
    case 'other-sha256':
    case 'missing-beside-record':
    case 'made-before':
      return BLOB_STATES[state.kind];
    default:
      return state satisfies never;
  }
}

/** What a verification has compared. */
export const CHECKED = {
  size: 'size',
  md5: 'size, md5',
  'md5-and-sha256': 'size, md5, sha256',
  'sha256-and-index': 'size, md5, sha256, index',
  transactions: 'transactions, since there are no checksums',
  content: 'files, bytes',
  'readable-copy': 'that it can be read (the number of its files is unknown)',
  presence: 'that it exists',
  edges: 'size, edges',
  sha256: 'sha256',
  'sha256-and-readable': 'sha256, that it can be read to its end',
  'readable-archive': 'not recorded, complete: it can be read to its end',
} as const satisfies Record<Checked | BlobsChecked, string>;
