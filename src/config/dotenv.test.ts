import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseDotenv } from './dotenv.ts'

function values(text: string, environment: Record<string, string> = {}): Record<string, string> {
  const { assignments } = parseDotenv(text, environment)
  return Object.fromEntries([...assignments].map(([name, { value }]) => [name, value]))
}

test('single quotes keep every character of a value', () => {
  assert.deepEqual(values(`DB_PASS='a $HOME $(id) # \\n "b"'`), { DB_PASS: 'a $HOME $(id) # \\n "b"' })
})

test('double quotes and bare values know escapes and variables', () => {
  assert.deepEqual(values('A=one\nB="${A}-$A"\nC=$A.two\nD="\\$A \\"x\\""'), {
    A: 'one',
    B: 'one-one',
    C: 'one.two',
    D: '$A "x"',
  })
})

test('a backslash n in double quotes stays two characters, as in Mastodon', () => {
  assert.deepEqual(values('KEY="a\\nb"'), { KEY: 'a\\nb' })
})

test('the real environment wins over an earlier line when a value refers to it', () => {
  assert.deepEqual(values('HOST=file\nURL=http://$HOST/', { HOST: 'real' }), {
    HOST: 'file',
    URL: 'http://real/',
  })
})

test('a reference to a variable that is set nowhere becomes nothing and is marked', () => {
  const { assignments } = parseDotenv('DB_PASS=pa$word', {})
  assert.deepEqual(assignments.get('DB_PASS'), {
    value: 'pa',
    line: 1,
    wantsCommand: false,
    refersToUnset: true,
  })
})

test('a command substitution is never run, only marked', () => {
  const { assignments } = parseDotenv('DB_PASS=$(touch /tmp/owned)\nB="x $(id)"\nC=\'$(id)\'', {})
  assert.equal(assignments.get('DB_PASS')?.wantsCommand, true)
  assert.equal(assignments.get('B')?.wantsCommand, true)
  assert.equal(assignments.get('C')?.wantsCommand, false)
})

test('export, blanks around the sign, the colon form and comments are understood', () => {
  assert.deepEqual(values('export A=1\n B = 2 # two\nC: 3\n# D=4\n\nE=\nF="5" # five\nG=a#b'), {
    A: '1',
    B: '2',
    C: '3',
    E: '',
    F: '5',
    G: 'a',
  })
})

test('a byte order mark and the line ends of Windows and old Macs change nothing', () => {
  const expected = { A: '1', B: 'two words', C: '3' }
  assert.deepEqual(values('\uFEFFA=1\r\nB="two words"\r\nC=3\r\n'), expected)
  assert.deepEqual(values('A=1\rB="two words"\rC=3'), expected)
})

test('a quoted value may run over several lines, and later lines keep their numbers', () => {
  const { assignments } = parseDotenv('KEY="one\ntwo\nthree"\n\nNEXT=1\n', {})
  assert.equal(assignments.get('KEY')?.value, 'one\ntwo\nthree')
  assert.equal(assignments.get('NEXT')?.line, 5)
})

test('a quote that is never closed belongs to its own line alone', () => {
  assert.deepEqual(values('A="open\nS3_BUCKET="media"\nB=\'x\nC=1'), {
    A: '"open',
    S3_BUCKET: 'media',
    B: "'x",
    C: '1',
  })
})

test('a later line replaces an earlier one of the same name', () => {
  assert.deepEqual(values('A=1\nA=2'), { A: '2' })
})

test('lines that assign nothing are named by number', () => {
  const text = 'LOCAL_DOMAIN example.com\n# fine\n   \nexport FINE\nA=1\nhm?'
  assert.deepEqual(parseDotenv(text, {}).ignoredLines, [1, 6])
})
