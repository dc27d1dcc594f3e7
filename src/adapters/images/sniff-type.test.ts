import assert from 'node:assert/strict'
import { it } from 'node:test'
import { sniffType } from './sniff-type.ts'

const bytes = (latin1: string): Uint8Array => Buffer.from(latin1, 'latin1')

it('tells pictures and everything that is sent in their place by the first bytes', () => {
  const samples: readonly (readonly [string, string])[] = [
    ['\xff\xd8\xff\xe0', 'image/jpeg'],
    ['\x89PNG\r\n\x1a\n', 'image/png'],
    ['GIF87a', 'image/gif'],
    ['GIF89a', 'image/gif'],
    ['RIFF\x04\0\0\0WEBPVP8 ', 'image/webp'],
    ['RIFF\x04\0\0\0WAVEfmt ', 'application/x-riff'],
    ['XXXX\x04\0\0\0WEBPVP8 ', 'unknown'],
    ['BM\x3a\0', 'image/bmp'],
    ['II*\0', 'image/tiff'],
    ['\0\0\0\x1cftypavif\0\0\0\0', 'image/avif'],
    ['\0\0\0\x1cftypmif1\0\0\0\0avis', 'image/avif'],
    ['\0\0\0\x1cftypheic\0\0\0\0', 'image/heic'],
    ['\0\0\0\x1cftypisom\0\0\0\0', 'video/mp4'],
    ['\xff\x0a\x01', 'image/jxl'],
    ['%PDF-1.7', 'application/pdf'],
    ['\x1aE\xdf\xa3', 'video/webm'],
    ['<svg xmlns="http://www.w3.org/2000/svg"/>', 'image/svg+xml'],
    ['\xef\xbb\xbf \n<?xml version="1.0"?>\n<!-- hi --><svg>', 'image/svg+xml'],
    ['<!-- a comment --><svg>', 'image/svg+xml'],
    ['<!DOCTYPE html><html><svg></svg>', 'text/html'],
    ['\n\n<HTML>', 'text/html'],
    ['<?xml version="1.0"?><rss/>', 'application/xml'],
    ['{"error":"not found"}', 'application/json'],
    ['Not found\r\n', 'text/plain'],
    ['\x01\x02\x03', 'unknown'],
    ['', 'empty'],
  ]
  for (const [sample, type] of samples) assert.equal(sniffType(bytes(sample)), type, JSON.stringify(sample))
})
