/* Where a worker thread begins. Each of these modules serves the work of its name: see `system/processes/workers`. */
import './blobs/copy/copy-worker.ts';
import './blobs/checksums/tree-checksums.ts';
import './repository/content/content-md5.ts';
import './system/streams/blocks/checksum.ts';
