/** Everything that comes where a picture was asked for, none of which Mastodon takes for an account. */
import sharp from 'sharp'
import { gzipSync } from 'node:zlib'
import { oddFile } from '../fediverse/odd-files.ts'
import { latin1 } from './hostile-picture.ts'
import type { HostilePicture } from './hostile-picture.ts'
import { busy, wholePicture } from './whole-pictures.ts'

export function wrongTypes(seed: number): readonly HostilePicture[] {
  const text = (words: string) => async (): Promise<Buffer> => latin1(words)
  const odd = (file: Parameters<typeof oddFile>[0]) => async (): Promise<Buffer> =>
    (await oddFile(file)).bytes
  const files: readonly (readonly [string, () => Promise<Buffer>])[] = [
    ['nothing at all', text('')],
    ['one zero', text('\0')],
    ['one letter', text('G')],
    ['two bytes of a JPEG', text('\xff\xd8')],
    ['seven bytes of a PNG', text('\x89PNG\r\n\x1a')],
    ['five bytes of a GIF', text('GIF89')],
    ['eleven bytes of a WebP', text('RIFF\x04\0\0\0WEB')],
    ['a megabyte of zeros', async () => Buffer.alloc(1024 * 1024)],
    ['a page', text('<!DOCTYPE html><title>For sale</title>')],
    ['a page with an SVG in it', text('<html><svg></svg></html>')],
    ['an error in JSON', text('{"error":"Record not found"}')],
    ['an actor in JSON', text('{"@context":"https://www.w3.org/ns/activitystreams","type":"Person"}')],
    ['a sentence', odd('text')],
    ['SVG', odd('svg')],
    ['SVG with a script', text('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>')],
    [
      'SVG with entities without end',
      text(
        '<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><svg>&b;&b;</svg>',
      ),
    ],
    ['SVG that is zipped', async () => gzipSync((await oddFile('svg')).bytes)],
    ['a JPEG that is zipped', async () => gzipSync(await wholePicture(seed, 'jpeg'))],
    ['BMP', odd('bmp')],
    ['TIFF', () => busy(seed, 8, 8).tiff().toBuffer()],
    ['TIFF with its bytes the other way round', text('MM\0*\0\0\0\x08\0\0\0\0\0\0')],
    ['AVIF', odd('avif')],
    ['AVIF of nothing but its head', text('\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf')],
    ['HEIC', text('\0\0\0\x18ftypheic\0\0\0\0mif1heic')],
    ['an icon', text('\0\0\x01\0\x01\0\x10\x10\0\0\x01\0\x20\0\x68\x04\0\0\x16\0\0\0')],
    ['a cursor', text('\0\0\x02\0\x01\0\x10\x10\0\0')],
    ['PDF', odd('pdf')],
    ['PostScript', text('%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(%pipe%id) (r) file\n')],
    ['Photoshop', text('8BPS\0\x01\0\0\0\0\0\0\0\x03\0\0\0\x09\0\0\0\x09\0\x08\0\x03')],
    ['JPEG XL', text('\xff\x0a\xfa\x1f\x01\x90')],
    ['JPEG XL in a box', text('\0\0\0\x0cJXL \r\n\x87\n')],
    ['JPEG 2000', text('\0\0\0\x0cjP  \r\n\x87\n')],
    ['a portable pixmap', text('P6\n2 2\n255\n\0\0\0\0\0\0\0\0\0\0\0\0')],
    ['raw pixels of Radiance', text('#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 1 +X 1\n\0\0\0\0')],
    ['OpenEXR', text('v/1\x01\x02\0\0\0channels\0')],
    [
      'an ImageMagick script',
      text('push graphic-context\nviewbox 0 0 640 480\nfill \'url(https://localhost/"|id")\'\n'),
    ],
    ['video', text('\0\0\0\x18ftypmp42\0\0\0\0mp42isom')],
    ['WebM', text('\x1aE\xdf\xa3\x01\0\0\0')],
    ['sound', text('ID3\x04\0\0\0\0\0\0')],
    ['RIFF that is sound', text('RIFF\x24\0\0\0WAVEfmt ')],
    ['a program', text('\x7fELF\x02\x01\x01\0')],
    [
      'a PNG with the ends of its lines changed',
      async () => {
        const bytes = await sharp({ create: { width: 9, height: 9, channels: 3, background: 'red' } })
          .png()
          .toBuffer()
        return latin1(bytes.toString('latin1').replaceAll('\r\n', '\n'))
      },
    ],
    [
      'a PNG written as UTF-8',
      async () => Buffer.from((await wholePicture(seed, 'png')).toString('latin1'), 'utf8'),
    ],
    ['a JPEG in base64', async () => latin1((await wholePicture(seed, 'jpeg')).toString('base64'))],
    [
      'a picture as a data URL',
      async () => latin1(`data:image/png;base64,${(await wholePicture(seed, 'png')).toString('base64')}`),
    ],
  ]
  return files.map(([name, bytes]) => ({
    name: `not a picture: ${name}`,
    bytes,
    expect: ['wrong-type'] as const,
  }))
}
