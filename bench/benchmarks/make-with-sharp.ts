/**
 * The unavoidable part of a heal: sharp alone turns the same pictures into avatars, from memory, and keeps none.
 * Arguments: the folder, how many. As many at once as there are cores, one thread each.
 */
import { readdir, readFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'

const [folder = '', count = '0'] = process.argv.slice(2)
sharp.concurrency(1)
sharp.cache(false)
const files = await Promise.all((await readdir(folder)).sort().map((name) => readFile(join(folder, name))))
const started = performance.now()
let next = 0
await Promise.all(
  Array.from({ length: availableParallelism() }, async () => {
    for (let i = next++; i < Number(count); i = next++)
      await sharp(files[i % files.length])
        .autoOrient()
        .resize(400, 400, { fit: 'cover' })
        .toBuffer()
  }),
)
console.log(JSON.stringify({ seconds: (performance.now() - started) / 1000 }))
