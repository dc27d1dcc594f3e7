/** Files that are two things at once, or one thing under the name of another. */
import { latin1 } from './hostile-picture.ts'
import type { Ending, HostilePicture } from './hostile-picture.ts'
import { insertSegments, segment } from './jpeg-parts.ts'
import { withChunks } from './png-parts.ts'
import { wholePicture } from './whole-pictures.ts'
import type { Sort } from './whole-pictures.ts'

const SCRIPT = latin1('<html><script>alert(document.domain)</script></html>')
const ZIP = latin1(
  'PK\x03\x04\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0aPK\x05\x06' + '\0'.repeat(18),
)

export function polyglots(seed: number): readonly HostilePicture[] {
  const one = (name: string, bytes: () => Promise<Buffer>, ...expect: readonly Ending[]): HostilePicture => ({
    name: `polyglot: ${name}`,
    bytes,
    expect,
  })
  const behind = (sort: Sort, tail: Buffer) => async (): Promise<Buffer> =>
    Buffer.concat([await wholePicture(seed, sort), tail])
  const before = (head: Buffer, sort: Sort) => async (): Promise<Buffer> =>
    Buffer.concat([head, await wholePicture(seed, sort)])
  return [
    one('GIF and then a page', behind('gif', SCRIPT), 'made'),
    one('PNG and then a script', behind('png', SCRIPT), 'made'),
    one('JPEG and then a ZIP', behind('jpeg', ZIP), 'made'),
    one('WebP and then a page', behind('webp', SCRIPT), 'made'),
    one('PNG and then a second PNG', async () => behind('png', await wholePicture(seed, 'png'))(), 'made'),
    one(
      'JPEG and then a second JPEG',
      async () => behind('jpeg', await wholePicture(seed, 'jpeg'))(),
      'made',
    ),
    one(
      'GIF and then half of a GIF',
      async () => behind('gif', (await wholePicture(seed, 'gif')).subarray(0, 900))(),
      'made',
    ),
    one('PNG and then a megabyte of zeros', behind('png', Buffer.alloc(1024 * 1024)), 'made'),
    one(
      'a page in a comment of a JPEG',
      async () => insertSegments(await wholePicture(seed, 'jpeg'), segment(0xfe, SCRIPT)),
      'made',
    ),
    one(
      'a page in a text of a PNG',
      async () =>
        withChunks(await wholePicture(seed, 'png'), 'IHDR', (chunk) => [
          chunk,
          { type: 'tEXt', data: Buffer.concat([latin1('Comment\0'), SCRIPT]) },
        ]),
      'made',
    ),
    one('a PNG behind a page', before(SCRIPT, 'png'), 'wrong-type'),
    one('a JPEG behind a ZIP', before(ZIP, 'jpeg'), 'wrong-type'),
    one('a PNG behind a space', before(latin1(' '), 'png'), 'wrong-type'),
    one('a GIF behind a byte order mark', before(latin1('\xef\xbb\xbf'), 'gif'), 'wrong-type'),
    one('a JPEG behind the signature of a PNG', before(latin1('\x89PNG\r\n\x1a\n'), 'jpeg'), 'broken'),
    one('a PNG behind the signature of a GIF', before(latin1('GIF89a'), 'png'), 'broken', 'too-many-pixels'),
    one(
      'a GIF that is a script',
      async () => latin1('GIF89a=1;alert(1)//' + ' '.repeat(99)),
      'broken',
      'too-many-pixels',
    ),
    one(
      'a GIF signature before SVG',
      async () => latin1('GIF89a<svg xmlns="http://www.w3.org/2000/svg"><image/></svg>'),
      'broken',
      'too-many-pixels',
    ),
    one(
      'a JPEG that is a script',
      async () => latin1(`\xff\xd8\xff=1;alert(1)//${' '.repeat(99)}`),
      'broken',
    ),
    one(
      'a WebP head before SVG',
      async () => latin1('RIFF\x64\0\0\0WEBP<svg xmlns="http://www.w3.org/2000/svg"/>' + ' '.repeat(80)),
      'broken',
    ),
  ]
}
