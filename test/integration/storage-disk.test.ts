import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { openFileStorage } from '../../src/adapters/storage/fs.ts'
import { storageContract } from '../contracts/storage.ts'

storageContract('disk', { skip: false, keepsHeaders: false }, async () => {
  const root = await mkdtemp(join(tmpdir(), 'cornac-storage-'))
  const storage = openFileStorage({ root })
  return {
    storage,
    async seed(key, bytes) {
      await mkdir(dirname(`${root}/${key}`), { recursive: true })
      await writeFile(`${root}/${key}`, bytes)
    },
    async close() {
      await storage.close()
      await rm(root, { recursive: true })
    },
  }
})
