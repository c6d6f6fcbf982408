import { folderObjects } from './folder-objects.ts';
import { parseObjectPlace } from './object-place.ts';
import type { ObjectStore } from './object-store.ts';
import { bandwidthOf } from './transfer/bandwidth.ts';

/** How a place of objects is reached; what is left out is as usual there. A folder needs none of it but the first. */
export interface ObjectStoreSettings {
  /** What all transfers together may take: more than 0. */
  readonly bytesPerSecond?: number | undefined;
  /** URL of a server that speaks S3; else as the environment says, or Amazon's. */
  readonly endpoint?: string | undefined;
  readonly region?: string | undefined;
  /** Whether the bucket stands in the path and not in the server's name; else where there is an endpoint. */
  readonly pathStyle?: boolean | undefined;
  /** A file as `~/.aws/credentials`; else whatever Amazon's programs would use. */
  readonly credentialsFile?: string | undefined;
  /** Which conditions a server that speaks S3 keeps to, as somebody has found by trying; else both. */
  readonly conditions?: ObjectStore['conditions'] | undefined;
  /** A file with the keys of servers that speak SFTP; else those that ssh reads. */
  readonly knownHosts?: string | undefined;
  /** A file with a private key to log in there; else the agent, and the files that ssh tries. */
  readonly identityFile?: string | undefined;
}

/**
 * Opens a place of objects: a server that speaks SFTP is connected to, the others get no request yet. Failures: `usage`
 * where nobody can tell what is meant, and those of the file of credentials, or of the connection.
 *
 * @param place - as people write it: see {@link parseObjectPlace}
 */
export async function openObjectStore(
  place: string,
  settings: ObjectStoreSettings = {},
): Promise<ObjectStore> {
  const parsed = parseObjectPlace(place);
  switch (parsed.kind) {
    case 'folder':
      return folderObjects(parsed.path, { bandwidth: bandwidthOf(settings.bytesPerSecond) });
    case 's3': {
      // Only who uses a bucket waits until all of that is loaded.
      const { openS3 } = await import('./s3/open-s3.ts');
      const { conditions = 'both', ...access } = settings;
      return openS3({ ...parsed, ...access, conditions });
    }
    case 'sftp': {
      const { openSftpObjects } = await import('./sftp/sftp-objects.ts');
      const { bytesPerSecond, knownHosts, identityFile } = settings;
      const bandwidth = bandwidthOf(bytesPerSecond);
      return openSftpObjects(parsed.address, { knownHosts, identityFile, bandwidth });
    }
    default:
      return parsed satisfies never;
  }
}
