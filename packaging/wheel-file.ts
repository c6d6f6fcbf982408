import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { ZipFile } from 'yazl';

/** What a wheel of one version for one platform holds. */
export interface Wheel {
  readonly name: string;
  /** As Python writes versions: https://packaging.python.org/specifications/version-specifiers/ */
  readonly version: string;
  /** Where it runs: https://packaging.python.org/specifications/platform-compatibility-tags/ */
  readonly tag: string;
  /** Fields of METADATA beside name and version: https://packaging.python.org/specifications/core-metadata/ */
  readonly fields: readonly (readonly [string, string])[];
  /** What the index shows, in Markdown. */
  readonly description: string;
  /** Licences by their names; those who install it get them, too. */
  readonly licences: Readonly<Record<string, Buffer>>;
  /** Commands by their names. */
  readonly scripts: Readonly<Record<string, Buffer>>;
  /** Other files by their paths below the environment's folder. */
  readonly data: Readonly<Record<string, Buffer>>;
}

interface File {
  readonly path: string;
  readonly bytes: Buffer;
  readonly mode: number;
}

const DATA = 0o100644;
const COMMAND = 0o100755;

/** The file's name, by which installers know what is in it. */
export function wheelName({ name, version, tag }: Wheel): string {
  return `${name}-${version}-${tag}.whl`;
}

/**
 * The bytes of a wheel, a zip file, by https://packaging.python.org/specifications/binary-distribution-format/. It has no
 * Python in it. The same content always makes the same bytes.
 */
export function encodeWheel(wheel: Wheel): Promise<Buffer> {
  const stem = `${wheel.name}-${wheel.version}`;
  const folder = `${stem}.dist-info`;
  const files: readonly File[] = [
    ...filesIn(`${stem}.data/scripts`, wheel.scripts, COMMAND),
    ...filesIn(`${stem}.data/data`, wheel.data, DATA),
    ...filesIn(`${folder}/licenses`, wheel.licences, DATA),
    { path: `${folder}/METADATA`, bytes: Buffer.from(metadata(wheel)), mode: DATA },
    { path: `${folder}/WHEEL`, bytes: Buffer.from(wheelFields(wheel)), mode: DATA },
  ];
  const path = `${folder}/RECORD`;
  return zipOf([...files, { path, bytes: Buffer.from(recordOf(files, path)), mode: DATA }]);
}

function filesIn(
  folder: string,
  files: Readonly<Record<string, Buffer>>,
  mode: number,
): readonly File[] {
  return Object.entries(files).map(([name, bytes]) => ({ path: `${folder}/${name}`, bytes, mode }));
}

function metadata({ name, version, fields, licences, description }: Wheel): string {
  const lines: (readonly [string, string])[] = [
    ['Metadata-Version', '2.4'],
    ['Name', name],
    ['Version', version],
    ...fields,
    ...Object.keys(licences).map((licence) => ['License-File', licence] as const),
    ['Description-Content-Type', 'text/markdown'],
  ];
  return `${fieldLines(lines)}\n${description}`;
}

function wheelFields({ tag }: Wheel): string {
  return fieldLines([
    ['Wheel-Version', '1.0'],
    ['Generator', 'zodbvault'],
    // What is here is for one platform, so it goes where an environment keeps that.
    ['Root-Is-Purelib', 'false'],
    ['Tag', tag],
  ]);
}

function fieldLines(fields: readonly (readonly [string, string])[]): string {
  return fields.map(([key, value]) => `${key}: ${value}\n`).join('');
}

/** Name, sha256 and length of each file; its own line has the name alone. */
function recordOf(files: readonly File[], ownPath: string): string {
  const lines = files.map(({ path, bytes }) => {
    const digest = createHash('sha256').update(bytes).digest('base64url');
    return `${path},sha256=${digest},${bytes.length}\n`;
  });
  return `${lines.join('')}${ownPath},,\n`;
}

function zipOf(files: readonly File[]): Promise<Buffer> {
  const zip = new ZipFile();
  // A zip keeps local time, so this makes the same bytes everywhere. It tells none before 1980.
  const mtime = new Date(1981, 0, 1);
  for (const { path, bytes, mode } of files) {
    zip.addBuffer(bytes, path, { mode, mtime, forceDosTimestamp: true, compressionLevel: 9 });
  }
  zip.end();
  return buffer(zip.outputStream);
}
