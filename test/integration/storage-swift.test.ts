import { needs } from '../needs.ts'
import { freshName, sharedSwift } from '../shared-servers.ts'
import { storageContract } from '../contracts/storage.ts'
import { s3Settings, s3StoreUnderTest } from './storage-s3.ts'

storageContract('Swift s3api', { ...needs('swift'), keepsHeaders: true }, async () => {
  const server = await sharedSwift()
  const bucket = freshName('storage')
  await server.createBucket(bucket)
  return s3StoreUnderTest(server.s3, s3Settings(server.s3, bucket))
})
