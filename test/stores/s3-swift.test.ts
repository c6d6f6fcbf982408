import { openS3 } from '../../src/stores/objects/s3/open-s3.ts';
import { describeObjectStoreContract } from '../support/object-store-contract.ts';
import { describeWithS3 } from '../support/s3-server.ts';

describeWithS3('swift', 'S3: Swift', (server) => {
  describeObjectStoreContract('bucket', async () => openS3(await server().newBucket()));
});
