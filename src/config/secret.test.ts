import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { isSecretName, maskUrls, Secret, secretOf } from './secret.ts'

test('a secret shows itself to nobody who does not ask', () => {
  const secret = new Secret('hunter2')
  const shown = [
    String(secret),
    `${secret}`,
    JSON.stringify({ secret }),
    inspect({ secret }),
    inspect(secret),
  ]
  for (const text of shown) assert.ok(!text.includes('hunter2'), text)
  assert.equal(secret.reveal(), 'hunter2')
  assert.equal(secretOf(''), null)
})

test('passwords in addresses are hidden, however badly they are escaped', () => {
  assert.equal(maskUrls('postgres://me:pw@db/x'), 'postgres://me:[hidden]@db/x')
  assert.equal(maskUrls('at redis://:p@ss/w:rd@host:1/0 now'), 'at redis://:[hidden]@host:1/0 now')
  assert.equal(maskUrls('postgres:///x?user=me&password=pw'), 'postgres:///x?user=me&password=[hidden]')
})

test('names of variables that hold secrets are known', () => {
  const names =
    'DB_PASS REPLICA_DB_PASS DATABASE_URL REDIS_URL SIDEKIQ_REDIS_PASSWORD AWS_SECRET_ACCESS_KEY AWS_ACCESS_KEY_ID mastodon.database_url AZURE_STORAGE_ACCESS_KEY SECRET_KEY_BASE'
  for (const name of names.split(' ')) assert.ok(isSecretName(name), name)
  for (const name of ['S3_KEY_PREFIX', 'S3_BUCKET', 'LOCAL_DOMAIN']) assert.ok(!isSecretName(name), name)
})
