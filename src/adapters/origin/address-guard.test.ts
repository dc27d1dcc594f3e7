import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { addressGuard } from './address-guard.ts'

const PRIVATE = [
  '0.0.0.0 0.255.255.255 10.0.0.0 10.255.255.255 100.64.0.0 100.127.255.255 127.0.0.1 127.255.255.255',
  '169.254.0.0 169.254.169.254 172.16.0.0 172.31.255.255 192.0.0.0 192.0.0.255 192.0.2.1 192.88.99.1',
  '192.168.0.0 192.168.255.255 198.18.0.0 198.19.255.255 198.51.100.7 203.0.113.7 224.0.0.1 239.255.255.255',
  '240.0.0.0 255.255.255.255',
  ':: ::1 64:ff9b::808:808 64:ff9b:1::1 100::1 2001::1 2001:10::1 2001:1f:ffff::1 2001:20::1 2001:2f::1',
  '2001:db8::1 2002:808:808::1 3fff::1 3fff:fff::1 fc00::1 fdff::1 fe80::1 febf::1 ff02::1',
].flatMap((line) => line.split(' '))

const PUBLIC = [
  '1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.1 169.253.255.255',
  '169.255.0.0 172.15.255.255 172.32.0.0 192.0.1.0 192.0.3.0 192.167.255.255 192.169.0.0 198.17.255.255',
  '198.20.0.0 223.255.255.255',
  '2606:4700::1111 2a00:1450::1 2001:1::1 2001:40::1 2003::1 3ffe::1 3fff:1000::1 64:ff9b:2::1 fe00::1 fec0::1',
].flatMap((line) => line.split(' '))

describe('address guard', () => {
  const guard = addressGuard([])

  it('refuses every private, local, reserved and documentation range at both its ends', () => {
    assert.deepEqual(PRIVATE.filter(guard), [])
  })

  it('lets public addresses pass, also the nearest neighbours of refused ranges', () => {
    assert.deepEqual(
      PUBLIC.filter((address) => !guard(address)),
      [],
    )
  })

  it('looks into IPv4-mapped and IPv4-compatible addresses, however they are written', () => {
    for (const address of ['127.0.0.1', '10.1.2.3', '169.254.169.254', '192.168.1.1', '0.0.0.5']) {
      assert.equal(guard(`::ffff:${address}`), false, address)
      assert.equal(guard(`::${address}`), false, address)
    }
    assert.equal(guard('::ffff:7f00:1'), false)
    assert.equal(guard('0:0:0:0:0:ffff:0a00:0001'), false)
    assert.equal(guard('::ffff:8.8.8.8'), true)
    assert.equal(guard('::8.8.8.8'), true)
  })

  it('judges an IPv4 address and its mapped twin alike', () => {
    const byte = fc.integer({ min: 0, max: 255 })
    fc.assert(
      fc.property(fc.tuple(byte, byte, byte, byte), (bytes) => {
        const address = bytes.join('.')
        assert.equal(guard(`::ffff:${address}`), guard(address))
      }),
    )
  })

  it('refuses what is no address', () => {
    for (const text of ['', 'localhost', '1.2.3.4.5', '::g', 'fe80::1%eth0', '999.1.1.1']) {
      assert.equal(guard(text), false, text)
    }
  })

  it('lets exceptions pass, ranges and single addresses, and nothing beside them', () => {
    const lenient = addressGuard(['10.1.0.0/16', '192.168.7.7', 'fd00:1::/32', '::1'])
    const passing = ['10.1.255.255', '192.168.7.7', 'fd00:1:2::3', '::1', '::ffff:10.1.0.1', '8.8.8.8']
    assert.deepEqual(
      passing.filter((address) => !lenient(address)),
      [],
    )
    assert.deepEqual(['10.2.0.0', '192.168.7.8', 'fd00:2::1', '127.0.0.1', '::'].filter(lenient), [])
  })

  it('names the exception that cannot be read', () => {
    for (const bad of ['10.0.0.0/99', 'home', '', '10.0.0/8/8']) {
      assert.throws(() => addressGuard([bad]), { code: 'bad-address-range', category: 'usage' }, bad)
    }
  })
})
