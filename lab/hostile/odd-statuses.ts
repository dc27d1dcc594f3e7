/** Statuses nobody expects of a picture, and wishes for a pause that make no sense. */
import {
  answer,
  CLOSE,
  PICTURE,
  pour,
  raw,
  says,
  type AnswerEnd,
  type HostileAnswer,
} from './hostile-answer.ts'
import type { Vice } from '../fediverse/vices.ts'

function status(code: number, ...lines: readonly string[]): Vice {
  const body = code === 204 || code === 304 ? '' : PICTURE
  const length = body === '' ? '' : `Content-Length: ${PICTURE.length}\r\n`
  const head = lines.map((line) => `${line}\r\n`)
  return says(`HTTP/1.1 ${code} Odd\r\n`, CLOSE, ...head, length, '\r\n', body)
}

/** With a picture in its body, whatever the status says. */
const STATUSES: readonly (readonly [number, AnswerEnd])[] = [
  [201, 'healed'],
  [202, 'healed'],
  [203, 'healed'],
  [204, 'wrong-type'],
  [207, 'healed'],
  [226, 'healed'],
  [299, 'healed'],
  [302, 'refused'],
  [304, 'refused'],
  [400, 'refused'],
  [401, 'refused'],
  [402, 'refused'],
  [404, 'gone'],
  [405, 'refused'],
  [406, 'refused'],
  [407, 'refused'],
  [408, 'unavailable'],
  [410, 'gone'],
  [413, 'refused'],
  [416, 'refused'],
  [418, 'refused'],
  [421, 'refused'],
  [425, 'refused'],
  [426, 'refused'],
  [429, 'unavailable'],
  [431, 'refused'],
  [451, 'refused'],
  [500, 'unavailable'],
  [501, 'unavailable'],
  [505, 'unavailable'],
  [511, 'unavailable'],
  [520, 'unavailable'],
  [599, 'unavailable'],
  [999, 'unavailable'],
]

/** Wishes for a pause, and whether they make sense to anybody: then the whole origin rests. */
const PAUSES: readonly (readonly [string, boolean])[] = [
  ['-1', false],
  ['-99999999999999999999', false],
  ['1.5', false],
  ['0x10', false],
  ['1e9', false],
  ['soon', false],
  ['NaN', false],
  ['Infinity', false],
  ['', false],
  ['9999999999999', false],
  ['9'.repeat(5000), false],
  ['120; DROP TABLE accounts', false],
  ['Mon', false],
  ['Fri, 99 Foo 2026 99:99:99 GMT', false],
  ['0', true],
  ['Sun, 06 Nov 1994 08:49:37 GMT', true],
  ['999999999999', true],
  ['Fri, 31 Dec 9999 23:59:59 GMT', true],
  ['Fri Dec 31 23:59:59 9999', true],
]

export function oddStatuses(): readonly HostileAnswer[] {
  return [
    ...STATUSES.map(([code, end]) => answer(`status ${code} with a picture`, end, status(code))),
    answer('status 206 with all of a picture', 'healed', status(206, 'Content-Range: bytes 0-9/10')),
    answer(
      'status 206 with a part of a picture',
      'broken-image',
      says(
        'HTTP/1.1 206 Partial Content\r\n',
        CLOSE,
        `Content-Range: bytes 0-99/${PICTURE.length}\r\nContent-Length: 100\r\n\r\n`,
        PICTURE.subarray(0, 100),
      ),
    ),
    answer('status 205, which has no body', 'healed', status(205)),
    answer(
      'status 401 that asks for a password',
      'refused',
      status(401, 'WWW-Authenticate: Basic realm="you"'),
    ),
    answer(
      'status 404 under a body without an end',
      'gone',
      raw((connection, signal) => {
        connection.write('HTTP/1.1 404 Not Found\r\n\r\n')
        return pour(connection, Buffer.alloc(65_536), signal)
      }),
    ),
    answer(
      'status 503 under a body that stalls',
      'unavailable',
      raw((connection) => void connection.write('HTTP/1.1 503 No\r\nContent-Length: 1000\r\n\r\nWait')),
    ),
    ...PAUSES.flatMap(([pause, sensible], at) =>
      answer(
        `status ${at % 2 === 0 ? 429 : 503} and a pause of "${pause.slice(0, 40)}"`,
        'unavailable',
        status(at % 2 === 0 ? 429 : 503, `Retry-After: ${pause}`),
        sensible,
      ),
    ),
    answer(
      'status 429 and two pauses',
      'unavailable',
      status(429, 'Retry-After: soon', 'Retry-After: 999999999999'),
    ),
    answer('a pause without need', 'healed', status(200, 'Retry-After: 999999999999')),
    answer('a pause with a 404', 'gone', status(404, 'Retry-After: 999999999999')),
  ]
}
