/** Bodies that lie about their chunks, their encoding, their type or their end. */
import { randomBytes } from 'node:crypto'
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { pngChunk } from '../fediverse/odd-files.ts'
import {
  answer,
  CLOSE,
  drip,
  headed,
  latin1,
  OK,
  PICTURE,
  pour,
  raw,
  says,
  type HostileAnswer,
} from './hostile-answer.ts'
import type { Vice } from '../fediverse/vices.ts'

const CHUNKED = `${OK}${CLOSE}Transfer-Encoding: chunked\r\n\r\n`
const SIZE = PICTURE.length.toString(16)
const HALF = PICTURE.length >> 1

/** The picture with a megabyte of noise that nobody reads behind its first chunk, which ends at byte 33. */
const LARGE = Buffer.concat([
  PICTURE.subarray(0, 33),
  pngChunk('noIs', randomBytes(1024 * 1024)),
  PICTURE.subarray(33),
])

/** Stored blocks of deflate without a byte in them, none of them the last. */
const EMPTY_BLOCKS = Buffer.alloc(500_000, Uint8Array.of(0, 0, 0, 0xff, 0xff))

function chunks(...parts: readonly (string | Uint8Array)[]): Vice {
  return says(CHUNKED, ...parts)
}

function encoded(encoding: string, body: Uint8Array): Vice {
  return says(OK, CLOSE, `Content-Encoding: ${encoding}\r\nContent-Length: ${body.length}\r\n\r\n`, body)
}

/** Some kilobytes that unfold to 200 MB. */
function unfolding(fold: (bytes: Uint8Array) => Buffer): Buffer {
  return fold(Buffer.alloc(200 * 1024 * 1024))
}

export function oddBodies(): readonly HostileAnswer[] {
  return [
    ...chunkLies(),
    ...encodings(),
    // A reset after the last byte and one before it look alike here; half a picture it stays.
    answer(
      'a body without a length, ended by a reset',
      ['unreachable', 'broken-image'],
      raw((connection) => {
        connection.write(Buffer.concat([OK, CLOSE, '\r\n', PICTURE.subarray(0, HALF)].map(latin1)), () =>
          connection.resetAndDestroy(),
        )
      }),
    ),
    // Without a length the end of the connection is the end of the picture: nothing tells that it was cut off.
    answer(
      'a body without a length, cut off',
      'broken-image',
      says(OK, CLOSE, '\r\n', PICTURE.subarray(0, HALF)),
    ),
    answer('a body without a length, whole', 'healed', says(OK, CLOSE, '\r\n', PICTURE)),
    answer(
      'a body of one byte at a time',
      'timeout',
      raw((connection, signal) =>
        drip(connection, Buffer.concat([latin1(`${OK}${CLOSE}\r\n`), PICTURE]), 60, signal),
      ),
    ),
    answer(
      'a picture, then zeros without an end',
      'too-large',
      raw((connection, signal) => {
        connection.write(Buffer.concat([latin1(`${OK}\r\n`), PICTURE]))
        return pour(connection, Buffer.alloc(65_536), signal)
      }),
    ),
    // A reader that is slow to take it may be asked to pause by what arrives, at the moment the connection ends.
    answer(
      'a megabyte, and the end of the connection',
      'healed',
      says(OK, CLOSE, `Content-Length: ${LARGE.length}\r\n\r\n`, LARGE),
    ),
    answer('a megabyte without a length, and the end', 'healed', says(OK, CLOSE, '\r\n', LARGE)),
    answer('a megabyte in gzip, and the end of the connection', 'healed', encoded('gzip', gzipSync(LARGE))),
    // Whether the decoder keeps up decides which limit is met first.
    answer(
      'gzip that unfolds to nothing, without an end',
      ['too-large', 'timeout'],
      raw((connection, signal) => {
        connection.write(
          Buffer.concat([latin1(`${OK}Content-Encoding: gzip\r\n\r\n`), gzipSync('').subarray(0, 10)]),
        )
        return pour(connection, EMPTY_BLOCKS, signal)
      }),
    ),
    answer('a picture under the name of a page', 'healed', headed('Content-Type: text/html; charset=utf-7')),
    answer('a picture under the name of a drawing', 'healed', headed('Content-Type: image/svg+xml')),
    answer('a picture under no name', 'healed', headed()),
    answer('a picture under a name of 5 KB', 'healed', headed(`Content-Type: image/${'x'.repeat(5000)}`)),
    answer(
      'a picture to be saved as a file of ours',
      'healed',
      headed('Content-Disposition: attachment; filename="../../../../etc/cron.d/x"'),
    ),
    answer(
      'a page under the name of a picture',
      'wrong-type',
      says(OK, CLOSE, 'Content-Type: image/png\r\n\r\n<html>'),
    ),
    answer(
      'a script for shells under the name of a picture',
      'wrong-type',
      says(OK, CLOSE, 'Content-Type: image/png\r\n\r\n#!/bin/sh\n'),
    ),
    answer(
      'a script for ImageMagick under the name of a picture',
      'wrong-type',
      says(
        OK,
        CLOSE,
        'Content-Type: image/png\r\n\r\npush graphic-context\nfill \'url(https://127.0.0.1/"|id")\'\n',
      ),
    ),
  ]
}

function chunkLies(): readonly HostileAnswer[] {
  const single = [...PICTURE].flatMap((byte) => ['1\r\n', Uint8Array.of(byte), '\r\n'])
  const whole = [`${SIZE}\r\n`, PICTURE, '\r\n'] as const
  return [
    answer('chunks of one byte', 'healed', chunks(...single, '0\r\n\r\n')),
    answer('a chunk larger than what comes', 'unreachable', chunks('FFFF\r\n', PICTURE)),
    answer('a chunk smaller than what comes', 'unreachable', chunks('5\r\n', PICTURE, '\r\n0\r\n\r\n')),
    answer('a chunk without a size', 'unreachable', chunks('\r\n', PICTURE, '\r\n0\r\n\r\n')),
    answer('a chunk whose size is a word', 'unreachable', chunks('zz\r\n', PICTURE, '\r\n0\r\n\r\n')),
    answer('a chunk of a negative size', 'unreachable', chunks(`-${SIZE}\r\n`, PICTURE, '\r\n0\r\n\r\n')),
    answer(
      'a chunk of more bytes than there are numbers',
      'unreachable',
      chunks('FFFFFFFFFFFFFFFFFF\r\n', PICTURE),
    ),
    answer(
      'a chunk of 2^64 bytes and some',
      'unreachable',
      chunks(`1000000000000${SIZE.padStart(5, '0')}\r\n`, PICTURE, '\r\n0\r\n\r\n'),
    ),
    answer(
      'a size written with zeros before it',
      'healed',
      chunks(`${'0'.repeat(50)}${SIZE}\r\n`, PICTURE, '\r\n0\r\n\r\n'),
    ),
    answer('chunks without the last one', 'unreachable', chunks(...whole)),
    answer('only the last chunk', 'wrong-type', chunks('0\r\n\r\n')),
    answer('chunks, a last one and more', 'unreachable', chunks('0\r\n', ...whole)),
    answer(
      'chunks and silence',
      'timeout',
      raw((connection) => void connection.write(Buffer.concat([CHUNKED, ...whole].map(latin1)))),
    ),
    answer(
      'chunks and a reset',
      'unreachable',
      raw(
        (connection) =>
          void connection.write(Buffer.concat([CHUNKED, ...whole].map(latin1)), () =>
            connection.resetAndDestroy(),
          ),
      ),
    ),
    answer('a chunk with a word of its own', 'healed', chunks(`${SIZE};a=b\r\n`, PICTURE, '\r\n0\r\n\r\n')),
    answer(
      'a chunk with a megabyte of words of its own',
      'healed',
      chunks(`${SIZE};a=${'b'.repeat(1e6)}\r\n`, PICTURE, '\r\n0\r\n\r\n'),
    ),
    answer(
      'a chunk with words without an end',
      'timeout',
      raw((connection, signal) => {
        connection.write(`${CHUNKED}${SIZE};a=`)
        return pour(connection, 'b'.repeat(10_000), signal)
      }),
    ),
    answer('a trailer', 'healed', chunks(...whole, '0\r\nX-Checksum: none\r\n\r\n')),
    answer(
      'a trailer that leads elsewhere',
      'healed',
      chunks(...whole, '0\r\nLocation: http://127.0.0.1/\r\nSet-Cookie: a=b\r\n\r\n'),
    ),
    answer(
      'a megabyte of trailers',
      'unreachable',
      chunks(...whole, '0\r\n', 'X: aaaaaaaaaaaaaaaa\r\n'.repeat(50_000), '\r\n'),
    ),
    answer(
      'trailers without an end',
      'unreachable',
      raw((connection, signal) => {
        connection.write(Buffer.concat([CHUNKED, ...whole, '0\r\n'].map(latin1)))
        return pour(connection, 'X: a\r\n'.repeat(1000), signal)
      }),
    ),
    answer('chunks that end in line feeds only', 'unreachable', chunks(`${SIZE}\n`, PICTURE, '\n0\n\n')),
    answer(
      'chunks called by a list of names',
      'wrong-type',
      says(OK, CLOSE, 'Transfer-Encoding: chunked, identity\r\n\r\n', ...whole, '0\r\n\r\n'),
    ),
    answer(
      'chunks called by nearly the right name',
      'wrong-type',
      says(OK, CLOSE, 'Transfer-Encoding: xchunked\r\n\r\n', ...whole, '0\r\n\r\n'),
    ),
    answer(
      'chunks in chunks',
      'wrong-type',
      chunks(
        `${(PICTURE.length + 6).toString(16)}\r\n`,
        `${SIZE}\r\n`.padStart(6, '0').slice(-6),
        PICTURE,
        '\r\n0\r\n\r\n',
      ),
    ),
  ]
}

function encodings(): readonly HostileAnswer[] {
  const gzipped = gzipSync(PICTURE)
  return [
    answer('gzip that was not asked for', 'healed', encoded('gzip', gzipped)),
    answer('gzip in capitals', 'healed', encoded('GZIP', gzipped)),
    answer('gzip under its old name', 'healed', encoded('x-gzip', gzipped)),
    answer(
      'gzip followed by rubbish',
      'unreachable',
      encoded('gzip', Buffer.concat([gzipped, Buffer.alloc(1000, 7)])),
    ),
    answer('gzip that is none', 'unreachable', encoded('gzip', PICTURE)),
    answer('gzip cut off', 'unreachable', encoded('gzip', gzipped.subarray(0, -12))),
    answer(
      'gzip with a wrong sum',
      'unreachable',
      encoded('gzip', Buffer.concat([gzipped.subarray(0, -8), Buffer.alloc(8)])),
    ),
    answer('gzip of nothing', 'wrong-type', encoded('gzip', gzipSync(Buffer.alloc(0)))),
    answer('gzip without a byte', 'unreachable', encoded('gzip', Buffer.alloc(0))),
    answer('gzip in gzip, one of them told', 'wrong-type', encoded('gzip', gzipSync(gzipped))),
    answer('gzip in gzip, both told', 'unreachable', encoded('gzip, gzip', gzipSync(gzipped))),
    answer('deflate', 'healed', encoded('deflate', deflateSync(PICTURE))),
    answer('deflate without its frame', 'unreachable', encoded('deflate', deflateRawSync(PICTURE))),
    answer('deflate that is none', 'unreachable', encoded('deflate', PICTURE)),
    answer('deflate that unfolds to 200 MB', 'too-large', () => encoded('deflate', unfolding(deflateSync))),
    answer('brotli', 'healed', encoded('br', brotliCompressSync(PICTURE))),
    answer('brotli that is none', 'unreachable', encoded('br', PICTURE)),
    answer('brotli cut off', 'unreachable', encoded('br', brotliCompressSync(PICTURE).subarray(0, -4))),
    answer('brotli that unfolds to 200 MB', 'too-large', () =>
      encoded(
        'br',
        unfolding((bytes) => brotliCompressSync(bytes, { params: { 1: 1 } })),
      ),
    ),
    answer('an encoding nobody knows', 'unreachable', encoded('zstd', PICTURE)),
    answer(
      'an encoding with a name that moves cursors',
      'unreachable',
      encoded(`\x9b2J${'x'.repeat(5000)}`, PICTURE),
    ),
    answer('the encoding that is none', 'healed', encoded('identity', PICTURE)),
    answer('an encoding without a name', 'healed', encoded('', PICTURE)),
  ]
}
