import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addressGuard } from './address.ts'
import { fetchTarget, isLoopbackName } from './fetch-target.ts'

const strict = addressGuard(false)
const loopback = addressGuard(['127.0.0.0/8', '::1'])

describe(fetchTarget, () => {
  it.each([
    'http://127.1/',
    'https://127.1/',
    'https://0x7f000001/',
    'https://2130706433/',
    'https://017700000001/',
    'https://0177.0.0.1/',
    'https://127.0.0.1./',
    'https://１２７.0.0.1/',
    'https://[::1]/',
    'https://[::]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[0:0:0:0:0:ffff:7f00:1]/',
    'https://[64:ff9b::7f00:1]/',
    'https://[fe80::1]/',
    'https://[fd00:ec2::254]/',
    'https://0.0.0.0/',
    'https://169.254.169.254/latest/meta-data/',
    'https://100.100.100.200/',
    'https://10.0.0.1/',
    'https://metadata.google.internal/',
    'https://METADATA.google.internal./computeMetadata/v1/',
    'https://metadata/',
    'https://8.8.8.8/',
    'https://[2606:4700:4700::1111]/',
    'https://user@example.com/',
    'https://user:secret@example.com/',
    'https://:secret@example.com/',
    'file:///etc/passwd',
    'gopher://example.com/',
    'ftp://example.com/',
    'javascript:alert(1)',
    'data:text/plain,x',
    'https://',
    'example.com',
    '',
    `https://example.com/${'a'.repeat(2048)}`,
  ])('refuses %s', (url) => {
    const target = fetchTarget(url, strict)
    expect(target.ok).toBe(false)
    if (!target.ok) expect(target.reason.length).toBeGreaterThan(10)
  })

  it('does not repeat a password in its reason', () => {
    const target = fetchTarget('https://user:secret@example.com/', strict)
    expect(target).toMatchObject({ ok: false, reason: expect.not.stringContaining('secret') })
  })

  it.each([
    ['https://example.com/', 'public_or_operator'],
    ['https://example.com:8443/x?y#z', 'public_or_operator'],
    ['https://example.com:9000/', 'operator'],
    ['http://localhost:8080/', 'operator'],
    ['https://localhost/', 'operator'],
    ['https://localhost./', 'operator'],
    ['https://a.localhost/', 'operator'],
  ])('takes %s when its address is %s', (url, need) => {
    expect(fetchTarget(url, strict)).toMatchObject({ ok: true, need })
  })

  it.each(['http://127.0.0.1:7000/', 'http://127.1/', 'https://[::1]:8443/', 'http://[::ffff:127.0.0.1]/'])(
    'takes %s when the operator allows loopback',
    (url) => {
      expect(fetchTarget(url, loopback)).toMatchObject({ ok: true, need: 'operator' })
    },
  )

  it.each(['http://example.com/', 'http://10.0.0.1/', 'http://[fd00::1]/', 'http://kernel.internal:7400/'])(
    'refuses %s, because plain HTTP is for this machine, whatever the operator allows',
    (url) => {
      const refusal = { ok: false, reason: expect.stringContaining('use https') }
      expect(fetchTarget(url, addressGuard(true))).toMatchObject(refusal)
      expect(fetchTarget(url, addressGuard(['10.0.0.0/8', 'fd00::/8']))).toMatchObject(refusal)
    },
  )

  it('takes another port where the operator says so', () => {
    expect(fetchTarget('https://example.com:9000/', strict, [9000])).toMatchObject({
      ok: true,
      need: 'public_or_operator',
    })
    expect(fetchTarget('https://example.com/', strict, [9000])).toMatchObject({ ok: true, need: 'operator' })
  })

  it('never lets a literal through that the guard does not admit, however it is written', () => {
    const spelled = fc
      .tuple(
        fc.constantFrom(127, 10, 169, 192, 8),
        fc.nat(255),
        fc.nat(255),
        fc.nat(255),
        fc.constantFrom('dec', 'hex', 'dotted', 'mapped'),
      )
      .map(([a, b, c, d, form]) => {
        const number = ((a * 256 + b) * 256 + c) * 256 + d
        if (form === 'dec') return `${number}`
        if (form === 'hex') return `0x${number.toString(16)}`
        return form === 'dotted' ? `${a}.${b}.${c}.${d}` : `[::ffff:${a}.${b}.${c}.${d}]`
      })
    fc.assert(
      fc.property(spelled, (host) => {
        expect(fetchTarget(`https://${host}/`, strict).ok).toBe(false)
      }),
    )
  })
})

describe(isLoopbackName, () => {
  it.each(['localhost', 'LOCALHOST', 'localhost.', 'kernel.localhost'])('knows %s', (name) => {
    expect(isLoopbackName(name)).toBe(true)
  })

  it.each(['localhost.example.com', 'notlocalhost', 'example.com', ''])('does not take %s for this machine', (name) => {
    expect(isLoopbackName(name)).toBe(false)
  })
})
