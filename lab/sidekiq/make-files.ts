/** The files Mastodon makes of one download, with its geometry but none of its care for details (docs/mastodon.md#pictures). */
import { randomBytes } from 'node:crypto'
import sharp from 'sharp'
import { keyOf, stylesOf, type LabKind, type Placed, type Style } from '../instance/keys.ts'

export type MadeKind = Extract<LabKind, 'avatar' | 'header' | 'attachment' | 'thumbnail'>

export interface MadeFiles {
  readonly fileName: string
  readonly contentType: string
  /** Of the original. */
  readonly bytes: number
  readonly files: readonly {
    readonly key: string
    readonly bytes: Uint8Array
    readonly contentType: string
  }[]
}

const EXTENSIONS: Readonly<Record<string, string>> = { jpeg: 'jpg', png: 'png', gif: 'gif', webp: 'webp' }

/** @throws Error if these are no bytes of a picture that Mastodon accepts */
export async function makeFiles(
  owner: Pick<Placed, 'id' | 'remote' | 'version'> & { readonly kind: MadeKind },
  body: Uint8Array,
): Promise<MadeFiles> {
  const format = (await sharp(body).metadata()).format
  const extension = EXTENSIONS[format]
  if (extension === undefined) throw new Error(`ActiveRecord::RecordInvalid: content type image/${format}`)
  const contentType = `image/${format}`
  const fileName = `${randomBytes(8).toString('hex')}.${extension}`
  const original =
    owner.kind === 'avatar' && format !== 'gif'
      ? await sharp(body).resize(400, 400, { fit: 'cover' }).toBuffer()
      : body
  const placed: Placed = { ...owner, fileName, contentType }
  const files = await Promise.all(
    stylesOf(placed).map(async (style) => ({
      key: keyOf(placed, style),
      bytes: style.name === 'original' ? original : await derived(style, body, format),
      contentType: style.name === 'static' ? 'image/png' : contentType,
    })),
  )
  return { fileName, contentType, bytes: original.length, files }
}

async function derived(style: Style, body: Uint8Array, format: string): Promise<Uint8Array> {
  if (style.name === 'static') return sharp(body).png().toBuffer()
  return format === 'gif' ? body : sharp(body).resize(640, 360, { fit: 'inside' }).toBuffer()
}
