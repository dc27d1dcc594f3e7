/** Heads of answers that are too large, too many, torn, contradict themselves, or are none. */
import {
  answer,
  CLOSE,
  drip,
  headed,
  OK,
  PICTURE,
  pour,
  raw,
  says,
  type HostileAnswer,
} from './hostile-answer.ts'
import type { Vice } from '../fediverse/vices.ts'

const LENGTH = `Content-Length: ${PICTURE.length}\r\n`
const HINT = 'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n'
const WHOLE = [OK, CLOSE, LENGTH, '\r\n', PICTURE] as const

/** The picture under another first line. */
function firstLine(line: string): Vice {
  return says(line, '\r\n', CLOSE, LENGTH, '\r\n', PICTURE)
}

function times(count: number, line: (at: number) => string): string {
  return Array.from({ length: count }, (_, at) => line(at)).join('')
}

export function oddHeads(): readonly HostileAnswer[] {
  return [
    answer(
      'a megabyte of header lines',
      'unreachable',
      headed(times(1000, (at) => `X-${at}: ${'a'.repeat(1000)}\r\n`)),
    ),
    answer('one header line of a megabyte', 'unreachable', headed(`X: ${'a'.repeat(1e6)}`)),
    answer('one header name of a megabyte', 'unreachable', headed(`${'a'.repeat(1e6)}: x`)),
    answer('ten thousand short header lines', 'unreachable', headed(times(10_000, (at) => `X-${at}: x\r\n`))),
    answer(
      'header lines without an end',
      'unreachable',
      raw((connection, signal) => {
        connection.write(OK)
        return pour(connection, 'X: and so on\r\n'.repeat(1000), signal)
      }),
    ),
    answer(
      'one header line without an end',
      'unreachable',
      raw((connection, signal) => {
        connection.write(`${OK}X: `)
        return pour(connection, 'and so on '.repeat(1000), signal)
      }),
    ),
    answer(
      'two hundred header lines that fit',
      'healed',
      headed(times(200, (at) => `X-${at}: x\r\n`).trimEnd()),
    ),
    answer(
      'a hundred cookies',
      'healed',
      headed(times(100, (at) => `Set-Cookie: a${at}=${at}\r\n`).trimEnd()),
    ),
    answer('a reason of a megabyte', 'healed', firstLine(`HTTP/1.1 200 ${'so '.repeat(350_000)}`)),
    answer(
      'a reason without an end',
      'timeout',
      raw((connection, signal) => {
        connection.write('HTTP/1.1 200 ')
        return pour(connection, 'because '.repeat(1000), signal)
      }),
    ),
    answer('no reason at all', 'healed', firstLine('HTTP/1.1 200')),
    // The continuation of a request without a body is against RFC 9110, section 15.2.1.
    answer(
      'a permission to go on that nobody asked for',
      'unreachable',
      says('HTTP/1.1 100 Continue\r\n\r\n', ...WHOLE),
    ),
    answer('ten thousand hints before the answer', 'healed', says(HINT.repeat(10_000), ...WHOLE)),
    answer(
      'hints without an end',
      'timeout',
      raw((connection, signal) => pour(connection, HINT.repeat(100), signal)),
    ),
    answer(
      'another protocol from here on',
      'unreachable',
      says('HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n', PICTURE),
    ),
    answer(
      'an offer of another protocol',
      'healed',
      says(OK, 'Upgrade: h2c\r\nConnection: upgrade, close\r\n', LENGTH, '\r\n', PICTURE),
    ),
    answer('no head at all, as in HTTP/0.9', 'unreachable', says(PICTURE)),
    answer('HTTP/1.0 without a length', 'healed', says('HTTP/1.0 200 OK\r\n\r\n', PICTURE)),
    answer('HTTP/2.0 in words', 'healed', firstLine('HTTP/2.0 200 OK')),
    answer('the beginning of HTTP/2', 'unreachable', says('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', PICTURE)),
    answer('HTTP/9.9', 'unreachable', firstLine('HTTP/9.9 200 OK')),
    answer('a radio station', 'unreachable', firstLine('ICY 200 OK')),
    answer('a protocol in small letters', 'unreachable', firstLine('http/1.1 200 OK')),
    answer('a request for an answer', 'unreachable', says('GET / HTTP/1.1\r\nHost: you\r\n\r\n')),
    answer('a status of five digits', 'unreachable', firstLine('HTTP/1.1 20000 OK')),
    answer('a status of two digits', 'unreachable', firstLine('HTTP/1.1 20 OK')),
    answer('a negative status', 'unreachable', firstLine('HTTP/1.1 -200 OK')),
    answer('a status in words', 'unreachable', firstLine('HTTP/1.1 fine OK')),
    answer('a status of nothing', 'unreachable', firstLine('HTTP/1.1 000 Nothing')),
    answer('two lengths that differ', 'unreachable', headed('Content-Length: 5')),
    answer('one length twice', 'unreachable', headed(LENGTH.trimEnd())),
    answer(
      'a list of lengths',
      'unreachable',
      says(OK, CLOSE, `Content-Length: ${PICTURE.length}, ${PICTURE.length}\r\n\r\n`, PICTURE),
    ),
    answer('a length and chunks', 'unreachable', headed('Transfer-Encoding: chunked')),
    ...['-1', '+5', '0x10', '1e3', 'many', '99999999999999999999999', ' ', '5 5'].map((length) =>
      answer(
        `a length of "${length}"`,
        'unreachable',
        says(OK, CLOSE, `Content-Length: ${length}\r\n\r\n`, PICTURE),
      ),
    ),
    answer(
      'a length of a petabyte',
      'too-large',
      says(OK, CLOSE, 'Content-Length: 1000000000000000\r\n\r\n', PICTURE),
    ),
    answer(
      'a length that is one byte too much',
      'unreachable',
      says(OK, CLOSE, `Content-Length: ${PICTURE.length + 1}\r\n\r\n`, PICTURE),
    ),
    answer(
      'a length that is ten bytes too little',
      'broken-image',
      says(OK, CLOSE, `Content-Length: ${PICTURE.length - 10}\r\n\r\n`, PICTURE),
      true,
    ),
    answer(
      'a length of nothing before a picture',
      'wrong-type',
      says(OK, CLOSE, 'Content-Length: 0\r\n\r\n', PICTURE),
      true,
    ),
    answer(
      'two answers to one question',
      'healed',
      says(OK, LENGTH, '\r\n', PICTURE, OK, LENGTH, '\r\n', PICTURE),
      true,
    ),
    answer(
      'an answer and a refusal',
      'healed',
      says(OK, LENGTH, '\r\n', PICTURE, 'HTTP/1.1 403 No\r\n\r\n'),
      true,
    ),
    answer(
      'a header that ends the head',
      'wrong-type',
      says(OK, CLOSE, 'X-Name: ada\r\n\r\n', LENGTH, '\r\n', PICTURE),
    ),
    answer('a header with a bare carriage return', 'unreachable', headed('X: a\rY: b')),
    answer('a header with a bare line feed', 'unreachable', headed('X: a\nY: b')),
    answer('a header with a zero byte', 'unreachable', headed('X: a\0b')),
    answer('a header that moves the cursor', 'unreachable', headed('X: \x1b[2J')),
    answer('a header continued on the next line', 'unreachable', headed('X: a\r\n b')),
    answer('a header without a colon', 'unreachable', headed('Gotcha')),
    answer('a header without a name', 'unreachable', headed(': x')),
    answer('a space before a colon', 'unreachable', headed('X : x')),
    answer('a header that is a prototype', 'healed', headed('__proto__: x', 'constructor: x', 'toString: x')),
    answer(
      'lines that end in line feeds only',
      'unreachable',
      says(`HTTP/1.1 200 OK\n${LENGTH.trimEnd()}\n\n`, PICTURE),
    ),
    answer('a head that stops within its first line', 'unreachable', says('HTTP/1.1 20')),
    answer('a head that stops within a header', 'unreachable', says(OK, 'Content-Le')),
    answer('a head that stops before its end', 'unreachable', says(OK, LENGTH)),
    answer(
      'a reset within the first line',
      'unreachable',
      raw((connection) => void connection.write('HTTP/1.1 20', () => connection.resetAndDestroy())),
    ),
    answer(
      'a reset within the head',
      'unreachable',
      raw((connection) => void connection.write(`${OK}Content-Le`, () => connection.resetAndDestroy())),
    ),
    answer(
      'a reset in the place of an answer',
      'unreachable',
      raw((connection) => void connection.resetAndDestroy()),
    ),
    answer(
      'a head and silence',
      'timeout',
      raw((connection) => void connection.write(`${OK}${LENGTH}\r\n`)),
    ),
    answer(
      'half a head and silence',
      'timeout',
      raw((connection) => void connection.write(`${OK}Content-Le`)),
    ),
    answer(
      'a head a byte at a time',
      'timeout',
      raw((connection, signal) => drip(connection, `${OK}X: ${'a'.repeat(2000)}\r\n\r\n`, 50, signal)),
    ),
    answer(
      'empty lines without an end',
      'timeout',
      raw((connection, signal) => pour(connection, '\r\n'.repeat(1000), signal)),
    ),
  ]
}
