/** What the S3 adapter does when a store refuses, breaks its word, or has something beside the media in its bucket. */
import assert from 'node:assert/strict'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import type { S3Address } from '../../lab/servers/s3-bucket.ts'
import { openS3Storage, type S3StorageSettings } from '../../src/adapters/storage/s3.ts'
import { connectS3 } from '../../src/adapters/storage/s3/connection.ts'
import { listBucket } from '../../src/adapters/storage/s3/list.ts'
import { KnownError, SourceDisagreement } from '../../src/core/errors.ts'
import { compareKeys } from '../../src/core/model/key-order.ts'
import { listedKey } from '../../src/core/model/object.ts'
import type { KeyRange, Storage } from '../../src/core/ports/storage.ts'
import { listAll, TRICKY_KEYS } from '../contracts/storage.ts'
import { needs } from '../needs.ts'
import { freshName, sharedRgw, sharedSwift } from '../shared-servers.ts'
import { selfSigned } from './storage-s3-certificate.ts'
import { bytesIn, s3Settings, s3StoreUnderTest } from './storage-s3.ts'
import { errorDocument, isBulkRemoval, isListing, spoilS3, type SpoiledS3 } from './storage-s3-proxy.ts'

const EVERYTHING: KeyRange = { after: '', through: null }
const SECRETS = ['labsecret', 'wrong-secret', 'Signature=']

async function using<T>(settings: S3StorageSettings, work: (storage: Storage) => Promise<T>): Promise<T> {
  const storage = openS3Storage(settings)
  try {
    return await work(storage)
  } finally {
    await storage.close()
  }
}

async function refusal(settings: S3StorageSettings): Promise<string> {
  const error = await using(settings, (storage) => storage.check()).then(
    () => assert.fail('nothing was refused'),
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof KnownError, String(error))
  const shown = `${error.message} ${String(error.cause)} ${JSON.stringify(error)}`
  for (const secret of SECRETS) assert.ok(!shown.includes(secret), shown)
  return error.message
}

const STORES = [
  { name: 'Ceph RGW', server: 'ceph-rgw', open: async () => (await sharedRgw()).address },
  { name: 'Swift s3api', server: 'swift', open: async () => (await sharedSwift()).s3 },
] as const

async function createBucket(server: (typeof STORES)[number]['server'], name: string): Promise<void> {
  const lab = server === 'swift' ? await sharedSwift() : await sharedRgw()
  await lab.createBucket(name)
}

for (const { name, server, open } of STORES) {
  describe(`S3 refusals of ${name} are sentences with a remedy and without secrets`, needs(server), () => {
    let settings: S3StorageSettings
    before(async () => {
      const bucket = freshName('refused')
      await createBucket(server, bucket)
      settings = s3Settings(await open(), bucket)
    })

    test('a bucket that does not exist', async () => {
      assert.match(await refusal({ ...settings, bucket: 'nobody-made-this' }), /no bucket .*S3_BUCKET/)
    })

    test('without its bucket no object is called absent', async () => {
      await using({ ...settings, bucket: 'nobody-made-this' }, async (storage) => {
        await assert.rejects(storage.stat('cache/x.png'), /no bucket/)
        await assert.rejects(storage.read('cache/x.png'), /no bucket/)
        await assert.rejects(listAll(storage), /no bucket/)
        await assert.rejects(storage.remove(['cache/x.png']), /no bucket/)
        await assert.rejects(storage.write('cache/x.png', Buffer.from('x'), 'image/png'), /no bucket/)
      })
    })

    test('a wrong secret', async () => {
      const credentials = { ...settings.credentials!, secretAccessKey: 'wrong-secret' }
      assert.match(await refusal({ ...settings, credentials }), /signature.*AWS_SECRET_ACCESS_KEY/s)
    })

    test('an unknown access key', async () => {
      const credentials = { ...settings.credentials!, accessKeyId: 'nobody:nobody' }
      assert.match(await refusal({ ...settings, credentials }), /AWS_ACCESS_KEY_ID/)
    })

    test('with a wrong secret a look gives no answer instead of "absent"', async () => {
      const credentials = { ...settings.credentials!, secretAccessKey: 'wrong-secret' }
      await using({ ...settings, credentials }, async (storage) => {
        const answer = await storage.stat('cache/x.png')
        assert.deepEqual(answer, { state: 'unknown', reason: 'access denied' })
      })
    })
  })

  describe(`an S3 key prefix on ${name}`, needs(server), () => {
    test('keeps to its own part of the bucket and is never seen in keys', async () => {
      const address = await open()
      const bucket = freshName('prefix')
      await createBucket(server, bucket)
      const settings = s3Settings(address, bucket)
      const outside = s3StoreUnderTest(address, settings)
      const inside = s3StoreUnderTest(address, { ...settings, keyPrefix: 'sub/media' })
      try {
        const others = ['sub/media', 'sub/media-2/a.png', 'sub/media0', 'sub/a.png', 'sub/z.png', 'zz.png']
        for (const key of others) await outside.seed(key, Buffer.from('other'))
        await outside.seed('sub/media/', Buffer.from(''))
        await inside.seed('accounts/folder/', Buffer.from(''))
        const key = 'cache/accounts/avatars/000/000/001/original/a.png'
        await inside.storage.write(key, Buffer.from('mine'), 'image/png')
        assert.equal(Buffer.from(await bytesIn(address, bucket, `sub/media/${key}`)).toString(), 'mine')
        assert.deepEqual((await listAll(inside.storage)).map(listedKey), [key])
        assert.deepEqual(
          (await listAll(inside.storage, { after: 'a', through: 'cache/zzz' })).map(listedKey),
          [key],
        )
        assert.deepEqual(await inside.storage.stat('a.png'), { state: 'absent' })
        await inside.storage.remove([key, 'a.png', 'media0'])
        assert.deepEqual(await listAll(inside.storage), [])
        assert.deepEqual((await listAll(outside.storage)).map(listedKey), others.toSorted(compareKeys))
        await inside.storage.check()
      } finally {
        await outside.close()
        await inside.close()
      }
    })
  })

  describe(`S3 pages of ${name}`, needs(server), () => {
    test('tricky names are continued after, whatever name a page ends with', async () => {
      const address = await open()
      const bucket = freshName('pages')
      await createBucket(server, bucket)
      const store = s3StoreUnderTest(address, s3Settings(address, bucket))
      const connection = connectS3(s3Settings(address, bucket))
      // Names no XML can hold are listed and removed all the same.
      const keys = [
        ...TRICKY_KEYS,
        'control/\u0001.png',
        'control/\n.png',
        ' lead',
        'trail ',
        'odd//empty',
      ].sort(compareKeys)
      try {
        for (const key of keys) await store.seed(key, Buffer.from(key))
        for (const pageKeys of [1, 2, 3, 7]) {
          const seen: string[] = []
          for await (const page of listBucket(connection, pageKeys, EVERYTHING, {}))
            seen.push(...page.map(listedKey))
          assert.deepEqual(seen, keys)
        }
        const removable = keys.filter((key) => key !== 'odd//empty')
        for (const answer of await store.storage.remove(removable)) assert.ok(answer.removed, answer.key)
        assert.deepEqual((await listAll(store.storage)).map(listedKey), ['odd//empty'])
      } finally {
        await connection.close()
        await store.close()
      }
    })
  })
}

describe('an S3 address that is none', () => {
  const settings = s3Settings(
    {
      endpoint: 'http://127.0.0.1:1',
      region: 'us-east-1',
      accessKeyId: 'labkey',
      secretAccessKey: 'labsecret',
    },
    'bucket',
  )

  test('nobody listens', async () => {
    const message = await refusal({ ...settings, attempts: 2 })
    assert.match(message, /cannot be reached \(ECONNREFUSED\).*S3_ENDPOINT/s)
    await using({ ...settings, attempts: 1 }, async (storage) => {
      await assert.rejects(storage.stat('cache/x.png'), /cannot be reached/)
    })
  })

  test('no such host', async () => {
    const message = await refusal({ ...settings, endpoint: 'http://nowhere.invalid', attempts: 1 })
    assert.match(message, /cannot be reached \((?:ENOTFOUND|EAI_AGAIN)\)/)
  })

  test('a certificate nobody vouches for', async () => {
    const server = createServer(await selfSigned(), (_, answer) => answer.end())
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    try {
      const message = await refusal({ ...settings, endpoint: `https://127.0.0.1:${port}`, attempts: 1 })
      assert.match(message, /certificate .* does not hold.*NODE_EXTRA_CA_CERTS/s)
    } finally {
      server.closeAllConnections()
      server.close()
    }
  })
})

describe('an S3 store with a vice', needs('ceph-rgw'), () => {
  let target: S3Address
  let proxy: SpoiledS3
  let bucket: string
  let storage: Storage
  const keys = Array.from({ length: 30 }, (_, i) => `cache/x/${String(i).padStart(2, '0')}.png`)

  before(async () => {
    target = (await sharedRgw()).address
    proxy = await spoilS3(target)
    bucket = freshName('vice')
    await (await sharedRgw()).createBucket(bucket)
    storage = openS3Storage({ ...s3Settings(proxy.address, bucket), attempts: 2 })
    await fill()
  })
  after(async () => {
    await storage.close()
    await proxy[Symbol.asyncDispose]()
  })

  async function fill(): Promise<void> {
    const store = s3StoreUnderTest(target, s3Settings(target, bucket))
    await Promise.all(keys.map((key) => store.seed(key, Buffer.from(key))))
    await store.close()
  }

  /** Lists in pages of ten while listings are changed on their way. */
  async function listSpoiled(change: (xml: string) => string, range = EVERYTHING): Promise<string[]> {
    proxy.vice = {
      after: (asked, answer) =>
        isListing(asked) ? { ...answer, body: Buffer.from(change(answer.body.toString())) } : answer,
    }
    const connection = connectS3(s3Settings(proxy.address, bucket))
    const seen: string[] = []
    try {
      for await (const page of listBucket(connection, 10, range, {})) seen.push(...page.map(listedKey))
      return seen
    } finally {
      proxy.vice = {}
      await connection.close()
    }
  }

  test('a listing out of order ends the work', async () => {
    const swap = (xml: string) => xml.replace('03.png', '99.png')
    await assert.rejects(listSpoiled(swap), (error) => {
      assert.ok(error instanceof SourceDisagreement)
      assert.match(error.message, /cache\/x\/04\.png after cache\/x\/99\.png/)
      return true
    })
  })

  test('a listing that begins too early ends the work', async () => {
    const range = { after: 'cache/x/09.png', through: null }
    await assert.rejects(
      listSpoiled((xml) => xml.replace('10.png', '05.png'), range),
      SourceDisagreement,
    )
  })

  test('names from outside the prefix end the work', async () => {
    const range = { after: 'cache/x/', through: 'cache/x/99' }
    const stray = (xml: string) => xml.replaceAll('cache%2Fx%2F29.png', 'cache%2Fy%2F29.png')
    await assert.rejects(listSpoiled(stray, range), SourceDisagreement)
  })

  test('a listing that is cut short without a word where to go on ends the work', async () => {
    const forget = (xml: string) => xml.replace(/<NextContinuationToken>.*<\/NextContinuationToken>/, '')
    await assert.rejects(listSpoiled(forget), /does not say where to go on/)
    const silent = (xml: string) => xml.replace(/<IsTruncated>.*<\/IsTruncated>/, '')
    await assert.rejects(listSpoiled(silent), /did not say whether its listing is complete/)
  })

  test('a page that comes twice ends the work', async () => {
    let first: string | undefined
    await assert.rejects(
      listSpoiled((xml) => (first ??= xml)),
      SourceDisagreement,
    )
  })

  test('an answer that is no listing ends the work', async () => {
    await assert.rejects(
      listSpoiled(() => '<html><body>Welcome to nginx</body></html>'),
      KnownError,
    )
    await assert.rejects(
      listSpoiled((xml) => xml.slice(0, xml.length / 2)),
      KnownError,
    )
    await assert.rejects(
      listSpoiled(() => ''),
      KnownError,
    )
  })

  test('a listing that fails once in a while is asked again', async () => {
    let asked = 0
    proxy.vice = {
      before: (request) =>
        isListing(request) && asked++ % 2 === 0
          ? { status: 503, body: errorDocument('SlowDown') }
          : undefined,
    }
    assert.deepEqual((await listAll(storage)).map(listedKey), keys)
    proxy.vice = {}
  })

  test('403, 500 and silence in answer to a look are "unknown"', async () => {
    for (const status of [403, 500, 503]) {
      proxy.vice = { before: () => ({ status, body: '' }) }
      assert.equal((await storage.stat(keys[0]!)).state, 'unknown', String(status))
    }
    proxy.vice = { before: () => 'silence' }
    const hasty = openS3Storage({ ...s3Settings(proxy.address, bucket), attempts: 1 })
    assert.deepEqual(await hasty.stat(keys[0]!), { state: 'unknown', reason: 'no answer in time' })
    await hasty.close()
    proxy.vice = {}
  })

  test('where bulk removal is not implemented, keys are removed one by one', async () => {
    for (const [status, code] of [
      [501, 'NotImplemented'],
      [405, 'MethodNotAllowed'],
      [400, 'MalformedXML'],
    ] as const) {
      await fill()
      const own = openS3Storage(s3Settings(proxy.address, bucket))
      const from = proxy.requests.length
      proxy.vice = {
        before: (asked) => (isBulkRemoval(asked) ? { status, body: errorDocument(code) } : undefined),
      }
      const first = await own.remove(keys.slice(0, 20))
      const second = await own.remove(keys.slice(20))
      proxy.vice = {}
      assert.deepEqual(
        [...first, ...second],
        keys.map((key) => ({ key, removed: true })),
      )
      assert.equal(proxy.requests.slice(from).filter(isBulkRemoval).length, 1)
      assert.deepEqual(await listAll(own), [])
      await own.close()
    }
  })

  test('a key that a bulk removal refuses is told, whatever the others say', async () => {
    await fill()
    proxy.vice = {
      after: (asked, answer) => {
        if (!isBulkRemoval(asked)) return answer
        const refused = `<Error><Key>${keys[3]}</Key><Code>AccessDenied</Code><Message>no</Message></Error>`
        const xml = answer.body.toString().replace(`<Deleted><Key>${keys[3]}</Key></Deleted>`, refused)
        assert.match(xml, /AccessDenied/)
        return { ...answer, body: Buffer.from(xml) }
      },
    }
    const answers = await storage.remove(keys)
    proxy.vice = {}
    assert.deepEqual(answers[3], { key: keys[3], removed: false, reason: 'access denied' })
    assert.equal(answers.filter(({ removed }) => removed).length, keys.length - 1)
  })

  test('a key that a bulk removal is silent about is asked for alone', async () => {
    await fill()
    const from = proxy.requests.length
    proxy.vice = {
      after: (asked, answer) => {
        if (!isBulkRemoval(asked)) return answer
        const xml = answer.body.toString().replace(`<Deleted><Key>${keys[7]}</Key></Deleted>`, '')
        return { ...answer, body: Buffer.from(xml) }
      },
    }
    const answers = await storage.remove(keys)
    proxy.vice = {}
    assert.ok(answers.every(({ removed }) => removed))
    const alone = proxy.requests.slice(from).filter(({ method }) => method === 'DELETE')
    assert.deepEqual(
      alone.map(({ url }) => url.split('?')[0]),
      [`/${bucket}/${keys[7]}`],
    )
  })

  test('"slow down" slows, for a whole request and for single keys of one', async () => {
    await fill()
    let refusals = 0
    proxy.vice = {
      before: (asked) =>
        isBulkRemoval(asked) && refusals++ < 3 ? { status: 503, body: errorDocument('SlowDown') } : undefined,
    }
    const from = performance.now()
    const answers = await storage.remove(keys)
    assert.ok(answers.every(({ removed }) => removed))
    assert.ok(performance.now() - from > 700, 'it waited')

    await fill()
    let spoiled = false
    proxy.vice = {
      after: (asked, answer) => {
        if (!isBulkRemoval(asked) || spoiled) return answer
        spoiled = true
        const later = `<Error><Key>${keys[5]}</Key><Code>InternalError</Code><Message>later</Message></Error>`
        const xml = answer.body.toString().replace(`<Deleted><Key>${keys[5]}</Key></Deleted>`, later)
        return { ...answer, body: Buffer.from(xml) }
      },
    }
    const again = await storage.remove(keys)
    proxy.vice = {}
    assert.ok(again.every(({ removed }) => removed))
  })

  test('a refusal of every removal ends the call before anything happened', async () => {
    await fill()
    proxy.vice = {
      before: (asked) =>
        isBulkRemoval(asked) ? { status: 403, body: errorDocument('InvalidAccessKeyId') } : undefined,
    }
    await assert.rejects(storage.remove(keys), /AWS_ACCESS_KEY_ID/)
    proxy.vice = {}
    assert.equal((await listAll(storage)).length, keys.length)
  })

  test('a bucket that takes no ACL is told apart, and without a permission none is sent', async () => {
    proxy.vice = {
      before: ({ method }) =>
        method === 'PUT' ? { status: 400, body: errorDocument('AccessControlListNotSupported') } : undefined,
    }
    await assert.rejects(storage.write(keys[0]!, Buffer.from('x'), 'image/png'), /S3_PERMISSION=/)
    proxy.vice = {}
    const own = openS3Storage({ ...s3Settings(proxy.address, bucket), permission: null })
    await own.write(keys[0]!, Buffer.from('x'), 'image/png')
    await own.close()
  })

  test('bulk removals carry Content-MD5 and no checksum of the newer kind', async () => {
    const from = proxy.requests.length
    await storage.remove(keys.slice(0, 2))
    const [bulk] = proxy.requests.slice(from).filter(isBulkRemoval)
    assert.ok(bulk !== undefined)
    assert.ok(bulk.headers['content-md5'])
    assert.deepEqual(
      Object.keys(bulk.headers).filter((header) => header.includes('checksum')),
      [],
    )
  })

  test('written objects can be read by anybody, as Mastodon leaves them', async () => {
    await storage.write(keys[1]!, Buffer.from('public'), 'image/png')
    const answer = await fetch(`${target.endpoint}/${bucket}/${keys[1]}`)
    assert.equal(await answer.text(), 'public')
    assert.equal(answer.headers.get('cache-control'), 'public, max-age=315576000, immutable')
  })
})
