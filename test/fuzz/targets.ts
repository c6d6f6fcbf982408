import type { Target } from './target.ts';
import { BLOB_TARGETS } from './targets-of-blobs.ts';
import { CLIENT_TARGETS } from './targets-of-clients.ts';
import { LOG_TARGETS } from './targets-of-logs.ts';
import { RECORD_TARGETS } from './targets-of-records.ts';
import { SITE_TARGETS } from './targets-of-sites.ts';
import { STATE_TARGETS } from './targets-of-states.ts';
import { TOML_TARGETS } from './targets-of-toml.ts';

/** Every decoder of bytes that come from a disk, or from a client. Seeds are made when it is called. */
export async function makeTargets(): Promise<readonly Target[]> {
  return [
    ...(await LOG_TARGETS()),
    ...(await STATE_TARGETS()),
    ...(await BLOB_TARGETS()),
    ...RECORD_TARGETS(),
    ...SITE_TARGETS(),
    ...(await CLIENT_TARGETS()),
    ...(await TOML_TARGETS()),
  ];
}
