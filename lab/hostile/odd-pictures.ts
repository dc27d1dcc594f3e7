/** Pictures that are valid and seldom seen. */
import type { Sharp } from 'sharp'
import { ANY_END, latin1 } from './hostile-picture.ts'
import type { Ending, HostilePicture } from './hostile-picture.ts'
import { APP1, APP2, exif, insertSegments, segment, tiffOf } from './jpeg-parts.ts'
import { withChunks } from './png-parts.ts'
import { busy, busyFrames, wholePicture } from './whole-pictures.ts'

const ORIENTATION = 0x0112

/** An ICC profile in a JPEG: number and count of its pieces, then one of them. */
function icc(piece: number, pieces: number, data: Buffer): Buffer {
  return segment(APP2, Buffer.concat([latin1('ICC_PROFILE\0'), Buffer.from([piece, pieces]), data]))
}

/** A profile whose header promises more than there is. */
function damagedProfile(): Buffer {
  const data = Buffer.alloc(200, 0xab)
  data.writeUInt32BE(0xffffff, 0)
  data.write('acsp', 36, 'latin1')
  data.write('RGB XYZ ', 16, 'latin1')
  data.writeUInt32BE(0xffffffff, 128)
  return data
}

export function oddPictures(seed: number): readonly HostilePicture[] {
  const one = (name: string, bytes: () => Promise<Buffer>, ...expect: readonly Ending[]): HostilePicture => ({
    name: `odd: ${name}`,
    bytes,
    expect: expect.length === 0 ? ['made'] : expect,
  })
  const picture = (width = 500, height = 450, channels: 3 | 4 = 3): Sharp =>
    busy(seed, width, height, channels)
  const jpeg = (): Promise<Buffer> => wholePicture(seed, 'jpeg')
  const withSegments =
    (...segments: readonly Buffer[]) =>
    async (): Promise<Buffer> =>
      insertSegments(await jpeg(), ...segments)
  return [
    ...Array.from({ length: 10 }, (_, value) =>
      one(`JPEG of orientation ${value}`, withSegments(exif(tiffOf(ORIENTATION, value)))),
    ),
    one('JPEG of orientation 65535', withSegments(exif(tiffOf(ORIENTATION, 65_535)))),
    one('JPEG whose EXIF directory is followed by itself', withSegments(exif(tiffOf(ORIENTATION, 1, 8)))),
    one('JPEG whose EXIF directory contains itself', withSegments(exif(selfContained()))),
    one('JPEG whose EXIF points outside', withSegments(exif(tiffOf(ORIENTATION, 1, 0xfffffff0)))),
    one('JPEG whose EXIF has 65,535 entries, or so it says', withSegments(exif(manyEntries()))),
    one('JPEG whose EXIF is empty', withSegments(exif(Buffer.alloc(0)))),
    one('JPEG whose EXIF is rubbish', withSegments(exif(Buffer.alloc(300, 0xee)))),
    one('JPEG with EXIF twice', withSegments(exif(tiffOf(ORIENTATION, 6)), exif(tiffOf(ORIENTATION, 3)))),
    one(
      'JPEG with XMP that is no XML',
      withSegments(segment(APP1, latin1('http://ns.adobe.com/xap/1.0/\0<x:xmpmeta'))),
    ),
    one('JPEG with a damaged colour profile', withSegments(icc(1, 1, damagedProfile()))),
    one('JPEG with a colour profile of no bytes', withSegments(icc(1, 1, Buffer.alloc(0)))),
    one('JPEG with the second piece of a profile only', withSegments(icc(2, 2, damagedProfile()))),
    one(
      'JPEG with a profile in 255 pieces that are one',
      withSegments(...Array.from({ length: 255 }, () => icc(1, 255, Buffer.alloc(60_000)))),
    ),
    one('JPEG with a CMYK profile on colours', async () =>
      insertSegments(await jpeg(), icc(1, 1, cmykProfile())),
    ),
    one('JPEG in CMYK', () => picture().toColourspace('cmyk').jpeg().toBuffer()),
    one('JPEG in CMYK with its profile', () =>
      picture().toColourspace('cmyk').withIccProfile('cmyk').jpeg().toBuffer(),
    ),
    one('JPEG in grey', () => picture().toColourspace('b-w').jpeg().toBuffer()),
    one('JPEG, progressive', () => picture().jpeg({ progressive: true }).toBuffer()),
    one('JPEG without subsampling', () => picture().jpeg({ chromaSubsampling: '4:4:4' }).toBuffer()),
    one('JPEG of quality 1', () => picture().jpeg({ quality: 1 }).toBuffer()),
    one('PNG of 16 bits', () => picture().toColourspace('rgb16').png().toBuffer()),
    one('PNG of 16 bits of grey', () => picture().toColourspace('grey16').png().toBuffer()),
    one('PNG in grey', () => picture().toColourspace('b-w').png().toBuffer()),
    one('PNG of two colours', () => picture().png({ palette: true, colours: 2 }).toBuffer()),
    one('PNG with a palette and transparency', () => picture(500, 450, 4).png({ palette: true }).toBuffer()),
    one('PNG with transparency', () => picture(500, 450, 4).png().toBuffer()),
    one('PNG, interlaced', () => picture().png({ progressive: true }).toBuffer()),
    one(
      'PNG with a damaged colour profile',
      async () =>
        withChunks(await wholePicture(seed, 'png'), 'IHDR', (chunk) => [
          chunk,
          { type: 'iCCP', data: Buffer.concat([latin1('x\0\0'), damagedProfile()]) },
        ]),
      'made',
      'broken',
    ),
    one('PNG with EXIF that is rubbish', async () =>
      withChunks(await wholePicture(seed, 'png'), 'IHDR', (chunk) => [
        chunk,
        { type: 'eXIf', data: Buffer.alloc(40, 7) },
      ]),
    ),
    one('PNG lying on its side', async () =>
      withChunks(await wholePicture(seed, 'png'), 'IHDR', (chunk) => [
        chunk,
        { type: 'eXIf', data: tiffOf(ORIENTATION, 6) },
      ]),
    ),
    one(
      'PNG with two palettes',
      async () => withChunks(await wholePicture(seed, 'paletted png'), 'PLTE', (chunk) => [chunk, chunk]),
      ...ANY_END,
    ),
    one('PNG with a density of nothing', async () =>
      withChunks(await wholePicture(seed, 'png'), 'IHDR', (chunk) => [
        chunk,
        { type: 'pHYs', data: Buffer.alloc(9) },
      ]),
    ),
    one('PNG in single bytes of data', async () =>
      withChunks(await wholePicture(seed, 'png'), 'IDAT', ({ type, data }) =>
        Array.from({ length: 2000 }, (_, at) => ({ type, data: data.subarray(at, at + 1) })).concat({
          type,
          data: data.subarray(2000),
        }),
      ),
    ),
    one('animated PNG that fits', () => wholePicture(seed, 'animated png')),
    one('animated PNG that promises no frames', async () =>
      withChunks(await wholePicture(seed, 'animated png'), 'acTL', ({ type }) => [
        { type, data: Buffer.alloc(8) },
      ]),
    ),
    one('animated PNG that promises four billion frames', async () =>
      withChunks(await wholePicture(seed, 'animated png'), 'acTL', ({ type }) => [
        { type, data: Buffer.alloc(8, 0xff) },
      ]),
    ),
    one('GIF, interlaced', () => picture().gif({ progressive: true }).toBuffer()),
    one('GIF of two colours', () => picture().gif({ colours: 2 }).toBuffer()),
    one('animated GIF that has to shrink', async () =>
      (await busyFrames(seed, 420, 430)).gif({ effort: 1, dither: 0 }).toBuffer(),
    ),
    one('animated WebP that has to shrink', async () =>
      (await busyFrames(seed, 420, 430)).webp({ effort: 0 }).toBuffer(),
    ),
    one('animated WebP that fits', async () =>
      (await busyFrames(seed, 400, 300)).webp({ effort: 0 }).toBuffer(),
    ),
    one('WebP with transparency', () => picture(500, 450, 4).webp({ effort: 0 }).toBuffer()),
    one('WebP, lossless with transparency', () =>
      picture(500, 450, 4).webp({ lossless: true, effort: 0 }).toBuffer(),
    ),
    one('all clear PNG', () => picture(500, 450, 4).linear([0, 0, 0, 0], [0, 0, 0, 0]).png().toBuffer()),
  ]
}

/** The pointer to the EXIF directory points to the directory it stands in. */
function selfContained(): Buffer {
  const tiff = tiffOf(0x8769, 8)
  tiff.writeUInt16LE(4, 12)
  tiff.writeUInt32LE(8, 18)
  return tiff
}

function manyEntries(): Buffer {
  const tiff = tiffOf(ORIENTATION, 1)
  tiff.writeUInt16LE(0xffff, 8)
  return tiff
}

function cmykProfile(): Buffer {
  const data = damagedProfile()
  data.write('CMYKLab ', 16, 'latin1')
  return data
}
