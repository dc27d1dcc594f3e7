import { needs } from '../needs.ts'
import { freshName, sharedRgw } from '../shared-servers.ts'
import { storageContract } from '../contracts/storage.ts'
import { s3Settings, s3StoreUnderTest } from './storage-s3.ts'

storageContract('Ceph RGW', { ...needs('ceph-rgw'), keepsHeaders: true }, async () => {
  const server = await sharedRgw()
  const bucket = freshName('storage')
  await server.createBucket(bucket)
  return s3StoreUnderTest(server.address, s3Settings(server.address, bucket))
})
