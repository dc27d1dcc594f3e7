/**
 * The files of a lab instance: a few dozen real pictures of every sort, drawn once and used by all rows.
 *
 * Rows choose one by number, so the size a row states is known without writing anything.
 */
import sharp, { type Sharp } from 'sharp'
import { Dice, subjectOf } from './dice.ts'

/** What a stored file is used as; decides its dimensions and its derived styles. */
export type PictureUse =
  | 'avatar'
  | 'header'
  | 'attachment'
  | 'thumbnail'
  | 'emoji'
  | 'card'
  | 'site-upload'
  | 'document'

/** One stored file: the bytes of its original, and those of its other styles. */
export interface Picture {
  readonly original: Buffer
  /** For every style but `original`; a style of another name does not exist for this use. */
  readonly derived: Buffer
}

/** `real`: pictures worth looking at, 1 to 8 KB. `tiny`: valid files of 50 to 400 bytes, for benchmarks. */
export type PictureSize = 'real' | 'tiny'

interface Sort {
  readonly use: PictureUse
  readonly type: string
  readonly count: number
}

/** Every sort of file the lab draws. A card named GIF holds a JPEG, as Mastodon stores it. */
const SORTS: readonly Sort[] = [
  { use: 'avatar', type: 'image/jpeg', count: 24 },
  { use: 'avatar', type: 'image/png', count: 24 },
  { use: 'avatar', type: 'image/webp', count: 12 },
  { use: 'avatar', type: 'image/gif', count: 6 },
  { use: 'header', type: 'image/jpeg', count: 16 },
  { use: 'header', type: 'image/png', count: 8 },
  { use: 'header', type: 'image/webp', count: 6 },
  { use: 'header', type: 'image/gif', count: 3 },
  { use: 'attachment', type: 'image/jpeg', count: 16 },
  { use: 'attachment', type: 'image/png', count: 8 },
  { use: 'attachment', type: 'image/webp', count: 6 },
  { use: 'attachment', type: 'image/gif', count: 3 },
  { use: 'attachment', type: 'video/mp4', count: 4 },
  { use: 'attachment', type: 'audio/mpeg', count: 4 },
  { use: 'thumbnail', type: 'image/jpeg', count: 6 },
  { use: 'thumbnail', type: 'image/png', count: 6 },
  { use: 'emoji', type: 'image/png', count: 16 },
  { use: 'emoji', type: 'image/gif', count: 4 },
  { use: 'emoji', type: 'image/webp', count: 4 },
  { use: 'card', type: 'image/jpeg', count: 12 },
  { use: 'card', type: 'image/png', count: 6 },
  { use: 'card', type: 'image/gif', count: 4 },
  { use: 'site-upload', type: 'image/png', count: 3 },
  { use: 'document', type: 'application/zip', count: 3 },
  { use: 'document', type: 'text/csv', count: 2 },
]

/** Width and height of each use's original: small, and within Mastodon's limits. */
const SIZES: Readonly<Record<PictureUse, readonly [number, number]>> = {
  avatar: [400, 400],
  header: [750, 250],
  attachment: [720, 480],
  thumbnail: [320, 180],
  emoji: [64, 64],
  card: [480, 252],
  'site-upload': [600, 315],
  document: [1, 1],
}

/** The drawn files. */
export class PicturePool {
  readonly #pictures: ReadonlyMap<string, readonly Picture[]>

  constructor(pictures: ReadonlyMap<string, readonly Picture[]>) {
    this.#pictures = pictures
  }

  /** The picture of that use and type with that number; numbers wrap around. */
  take(use: PictureUse, type: string, number: number): Picture {
    const sort = this.#pictures.get(`${use} ${type}`)
    const picture = sort?.[number % sort.length]
    if (picture === undefined) throw new Error(`The lab draws no ${use} of type ${type}`)
    return picture
  }
}

/** Draws everything; the same seed gives the same pictures. Takes about a second for real ones. */
export async function drawPictures(seed: number, size: PictureSize): Promise<PicturePool> {
  const pictures = new Map<string, readonly Picture[]>()
  await Promise.all(
    SORTS.map(async (sort) => {
      const drawn = await Promise.all(
        Array.from({ length: sort.count }, (_, number) => draw(sort, number, seed, size)),
      )
      pictures.set(`${sort.use} ${sort.type}`, drawn)
    }),
  )
  return new PicturePool(pictures)
}

async function draw(sort: Sort, number: number, seed: number, size: PictureSize): Promise<Picture> {
  const dice = new Dice(seed, subjectOf(`picture ${sort.use} ${sort.type}`), number)
  if (sort.type === 'video/mp4') return { original: video(dice, size), derived: await still(dice, size) }
  const document = documentBytes(sort.type, dice, size)
  if (document !== undefined) return { original: document, derived: document }
  const [width, height] = size === 'tiny' ? [8, 8] : SIZES[sort.use]
  const image = () => motif(new Dice(seed, subjectOf(sort.use + sort.type), number), sort.use, width, height)
  const stored = sort.use === 'card' && sort.type === 'image/gif' ? 'image/jpeg' : sort.type
  const original = await encoded(image(), stored)
  return { original, derived: await derivedOf(sort, original, image, width) }
}

/** What lies under `static`, `small` or a site upload's style; the original's own bytes where there is no such style. */
async function derivedOf(sort: Sort, original: Buffer, image: () => Sharp, width: number): Promise<Buffer> {
  // Mastodon keeps the bytes of a GIF that does not move under the name small/*.png (docs/mastodon.md#styles).
  if (sort.use === 'attachment' && sort.type === 'image/gif') return original
  if (sort.use === 'attachment') return encoded(smaller(image(), width), sort.type)
  return sort.type === 'image/gif' || sort.use === 'emoji' || sort.use === 'site-upload'
    ? encoded(image(), 'image/png')
    : original
}

function smaller(image: Sharp, width: number): Sharp {
  return image.resize({ width: Math.ceil(width * 0.6) })
}

/** A still of a video, as Mastodon's frame extraction leaves it. */
async function still(dice: Dice, size: PictureSize): Promise<Buffer> {
  return encoded(size === 'tiny' ? motif(dice, 'card', 8, 8) : motif(dice, 'card', 320, 180), 'image/png')
}

/** A face-like pattern for people and emoji, soft colours for everything else. */
function motif(dice: Dice, use: PictureUse, width: number, height: number): Sharp {
  return use === 'avatar' || use === 'emoji' ? pattern(dice, width, height) : colours(dice, width, height)
}

/** Five by five fields, mirrored. */
function pattern(dice: Dice, width: number, height: number): Sharp {
  const ground = [200 + dice.below(56), 200 + dice.below(56), 200 + dice.below(56)]
  const ink = [dice.below(160), dice.below(160), dice.below(160)]
  const fields = Buffer.alloc(5 * 5 * 3)
  for (let row = 0; row < 5; row++) {
    for (let column = 0; column < 3; column++) {
      const colour = dice.chance(0.5) ? ink : ground
      for (const at of [column, 4 - column]) fields.set(colour, (row * 5 + at) * 3)
    }
  }
  return enlarged(fields, 5, 5, width, height, 'nearest')
}

/** Twelve colours running into each other. */
function colours(dice: Dice, width: number, height: number): Sharp {
  const fields = Buffer.from(Array.from({ length: 4 * 3 * 3 }, () => 40 + dice.below(200)))
  return enlarged(fields, 4, 3, width, height, 'cubic')
}

function enlarged(
  fields: Buffer,
  columns: number,
  rows: number,
  width: number,
  height: number,
  kernel: 'nearest' | 'cubic',
): Sharp {
  return sharp(fields, { raw: { width: columns, height: rows, channels: 3 } }).resize(width, height, {
    kernel,
    fit: 'fill',
  })
}

async function encoded(image: Sharp, type: string): Promise<Buffer> {
  switch (type) {
    case 'image/png':
      return image.png({ palette: true, effort: 1, dither: 0, colours: 32 }).toBuffer()
    case 'image/webp':
      return image.webp({ quality: 50, effort: 0 }).toBuffer()
    case 'image/gif':
      return image.gif({ colours: 16, effort: 1, dither: 0 }).toBuffer()
    default:
      return image.jpeg({ quality: 60 }).toBuffer()
  }
}

/** Not for playing: a file-type box and a data box, enough for whoever looks at the first bytes. */
function video(dice: Dice, size: PictureSize): Buffer {
  const data = noise(dice, size === 'tiny' ? 40 : 2000 + dice.below(4000))
  return Buffer.concat([
    box('ftyp', Buffer.from('isom\0\0\x02\0isomiso2avc1mp41', 'latin1')),
    box('mdat', data),
  ])
}

function box(name: string, content: Buffer): Buffer {
  const head = Buffer.alloc(8)
  head.writeUInt32BE(content.length + 8, 0)
  head.write(name, 4, 'latin1')
  return Buffer.concat([head, content])
}

function documentBytes(type: string, dice: Dice, size: PictureSize): Buffer | undefined {
  const body = noise(dice, size === 'tiny' ? 60 : 1500 + dice.below(3000))
  switch (type) {
    case 'audio/mpeg': // an ID3 tag of no length, then the sync word of a layer III frame
      return Buffer.concat([Buffer.from('ID3\x04\0\0\0\0\0\0\xff\xfb\x90\x64', 'latin1'), body])
    case 'application/zip': // the end record of an archive without entries
      return Buffer.concat([body, Buffer.from(`PK\x05\x06${'\0'.repeat(18)}`, 'latin1')])
    case 'text/csv':
      return Buffer.from(`Account address,Show boosts\nsomebody${dice.below(1000)}@example.com,true\n`)
    default:
      return undefined
  }
}

function noise(dice: Dice, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => dice.below(255)))
}
