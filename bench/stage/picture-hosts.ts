/** Many origins on loopback that serve pictures as large as people upload them, and count how many ask at once. */
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import sharp from 'sharp'

/** One third each of what avatars are; every one has to be made smaller. */
const TYPES = ['jpeg', 'png', 'webp'] as const
const SIZES = [
  [600, 600],
  [800, 800],
  [720, 960],
] as const
const PICTURES = 36

/** Draws photograph-like pictures into a folder: soft noise over a colour, the same in every run. */
export async function drawPhotographs(folder: string): Promise<void> {
  for (let i = 0; i < PICTURES; i++) {
    const type = TYPES[i % TYPES.length] ?? 'jpeg'
    const [width, height] = SIZES[Math.floor(i / TYPES.length) % SIZES.length] ?? SIZES[0]
    const noise = await sharp({
      create: {
        width,
        height,
        channels: 3,
        noise: { type: 'gaussian', mean: 128, sigma: 60 },
        background: '#888',
      },
    })
      .blur(3)
      .tint({ r: (i * 37) % 256, g: (i * 91) % 256, b: (i * 53) % 256 })
      .toColourspace('srgb')
      .toFormat(type)
      .toBuffer()
    await writeFile(join(folder, `${String(i).padStart(2, '0')}.${type}`), noise)
  }
}

export interface PictureHosts extends AsyncDisposable {
  /** `http://127.78.0.1:PORT` and so on. */
  readonly origins: readonly string[]
  /** Names below each origin. */
  readonly names: readonly string[]
  /** Most requests that one host had open at the same moment, and all of them. */
  peak(): number
  requests(): number
}

/** Listens on `count` addresses of the loopback network. */
export async function startPictureHosts(folder: string, count: number): Promise<PictureHosts> {
  const names = (await readdir(folder)).sort()
  const files = new Map<string, Buffer>()
  for (const name of names) files.set(`/${name}`, await readFile(join(folder, name)))
  let [peak, requests] = [0, 0]
  const servers: Server[] = []
  const origins: string[] = []
  for (let i = 0; i < count; i++) {
    let open = 0
    const server = createServer((request, response) => {
      requests++
      peak = Math.max(peak, ++open)
      response.once('close', () => open--)
      const file = files.get(new URL(request.url ?? '/', 'http://x').pathname)
      response.writeHead(file === undefined ? 404 : 200, { 'content-length': file?.length ?? 0 }).end(file)
    })
    const host = `127.78.${i >> 8}.${i & 255 || 254}`
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, host, resolve))
    servers.push(server)
    const address = server.address()
    origins.push(`http://${host}:${address !== null && typeof address === 'object' ? address.port : 0}`)
  }
  return {
    origins,
    names,
    peak: () => peak,
    requests: () => requests,
    async [Symbol.asyncDispose]() {
      for (const server of servers) server.closeAllConnections()
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
    },
  }
}
