/** GIFs that say one thing and hold another (GIF89a specification). */
import { gifOnCanvas } from '../fediverse/odd-files.ts'
import { latin1 } from './hostile-picture.ts'
import type { Ending, HostilePicture } from './hostile-picture.ts'
import { wholePicture } from './whole-pictures.ts'

const FRAME = Buffer.from([0x2c, 0, 0, 0, 0, 1, 0, 1, 0])

/** One pixel in the corner, its frame put elsewhere or said to be larger. */
function withFrame(width: number, height: number, frame: readonly [number, number, number, number]): Buffer {
  const bytes = gifOnCanvas(width, height)
  const at = bytes.indexOf(FRAME)
  frame.forEach((value, index) => bytes.writeUInt16LE(value, at + 1 + index * 2))
  return bytes
}

function changed(bytes: Buffer, from: Buffer, offset: number, value: number): Buffer {
  bytes[bytes.indexOf(from) + offset] = value
  return bytes
}

/** Blocks put in before the first frame's control block. */
function withBlocks(...blocks: readonly Buffer[]): Buffer {
  const bytes = gifOnCanvas(40, 30)
  const at = 19
  return Buffer.concat([bytes.subarray(0, at), ...blocks, bytes.subarray(at)])
}

const extension = (label: number, ...parts: readonly Buffer[]): Buffer =>
  Buffer.concat([
    Buffer.from([0x21, label]),
    ...parts.flatMap((part) => [Buffer.from([part.length]), part]),
    Buffer.from([0]),
  ])

export function lyingGif(seed: number): readonly HostilePicture[] {
  const one = (
    name: string,
    bytes: () => Promise<Buffer> | Buffer,
    ...expect: readonly Ending[]
  ): HostilePicture => ({
    name: `gif ${name}`,
    bytes: async () => bytes(),
    expect: expect.length === 0 ? ['broken'] : expect,
  })
  return [
    one('of nothing but its signature', () => latin1('GIF89a')),
    one('of no frames', () => gifOnCanvas(10, 10, 0)),
    one('of no size', () => gifOnCanvas(0, 0, 0)),
    one('of no size with a frame', () => gifOnCanvas(0, 0), 'made', 'broken'),
    one('of no width', () => gifOnCanvas(0, 10, 0)),
    one('with a frame of no size', () => withFrame(10, 10, [0, 0, 0, 0]), 'made', 'broken'),
    one(
      'with a frame far outside its screen',
      () => withFrame(8, 8, [0xfffe, 0xfffe, 1, 1]),
      'too-many-pixels',
    ),
    one('with a frame a little outside its screen', () => withFrame(8, 8, [9, 9, 1, 1]), 'made', 'broken'),
    one('with a frame larger than its screen', () => withFrame(8, 8, [0, 0, 100, 100]), 'made', 'broken'),
    one(
      'with a frame that reaches over the edge of numbers',
      () => withFrame(8, 8, [0xffff, 0xffff, 0xffff, 0xffff]),
      'too-many-pixels',
    ),
    one(
      'with less data than its frame has pixels',
      () => withFrame(90, 90, [0, 0, 90, 90]),
      'made',
      'broken',
    ),
    one('with codes of no bits', () => changed(gifOnCanvas(9, 9), FRAME, 10, 0), 'made', 'broken'),
    one('with codes of 200 bits', () => changed(gifOnCanvas(9, 9), FRAME, 10, 200), 'made', 'broken'),
    one(
      'with no palette at all',
      () => {
        const bytes = gifOnCanvas(9, 9)
        bytes[10] = 0
        return Buffer.concat([bytes.subarray(0, 13), bytes.subarray(19)])
      },
      'made',
      'broken',
    ),
    one('that promises a palette larger than the file', () => {
      const bytes = gifOnCanvas(9, 9)
      bytes[10] = 0x87
      return bytes
    }),
    one('without its trailer', async () => (await wholePicture(seed, 'gif')).subarray(0, -1), 'made'),
    one('with a trailer before its frame', () => withBlocks(Buffer.from([0x3b])), 'broken'),
    one('with an unknown block', () => withBlocks(Buffer.from([0x99, 1, 2, 3])), 'broken'),
    one(
      'with 5,000 comments',
      () => withBlocks(...Array.from({ length: 5000 }, () => extension(0xfe, latin1('hello')))),
      'made',
    ),
    one(
      'with a comment of a megabyte',
      () => withBlocks(extension(0xfe, ...Array.from({ length: 4200 }, () => Buffer.alloc(255, 0x20)))),
      'made',
    ),
    one('with an unknown extension', () => withBlocks(extension(0x42, latin1('???'))), 'made', 'broken'),
    one(
      'with a loop count cut short',
      () => withBlocks(extension(0xff, latin1('NETSCAPE2.0'), latin1('\x01'))),
      'made',
      'broken',
    ),
    one(
      'that shows all its frames in no time',
      () => {
        const bytes = gifOnCanvas(400, 30, 50)
        for (
          let at = bytes.indexOf('\x21\xf9', 0, 'latin1');
          at !== -1;
          at = bytes.indexOf('\x21\xf9', at + 1, 'latin1')
        )
          bytes.writeUInt16LE(0, at + 4)
        return bytes
      },
      'made',
    ),
    one(
      'that shows each frame for eleven minutes',
      () => {
        const bytes = gifOnCanvas(60, 30, 5)
        for (
          let at = bytes.indexOf('\x21\xf9', 0, 'latin1');
          at !== -1;
          at = bytes.indexOf('\x21\xf9', at + 1, 'latin1')
        )
          bytes.writeUInt16LE(0xffff, at + 4)
        return bytes
      },
      'made',
    ),
    one(
      'of a version nobody knows',
      () => {
        const bytes = gifOnCanvas(9, 9)
        bytes.write('GIF99z', 'latin1')
        return bytes
      },
      'wrong-type',
    ),
  ]
}
