import { storageContract } from '../contracts/storage.ts'
import { openMemoryStorage } from '../../src/adapters/storage/memory.ts'

storageContract('memory', { skip: false, keepsHeaders: false }, async () => {
  const storage = openMemoryStorage({ now: () => Date.now() })
  return {
    storage,
    seed: async (key, bytes) => storage.put({ key }, bytes),
    close: () => storage.close(),
  }
})
